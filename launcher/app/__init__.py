"""The composition root: builds services and pages by hand and connects them."""
