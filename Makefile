# All set-up happens in the script, which works without make as well (Windows, macOS): python packaging/setup/bootstrap.py run
.PHONY: run test check setup lock
run test check setup lock:
	@python3 packaging/setup/bootstrap.py $@
