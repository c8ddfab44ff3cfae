# All set-up happens in the script, which works without make as well (Windows, macOS): python packaging/setup/bootstrap.py run
.PHONY: run test check package setup lock
run test check package setup lock:
	@python3 packaging/setup/bootstrap.py $@
