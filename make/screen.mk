# The screen of changes, measured.
#   make bench-screen                 on the lines of the project
#   make bench-screen DATA=file       on lines of your own: label, tab, type, tab, line
#   make bench-screen EDITS=/etc      ordinary edits of the files there, which are only read
EDITS ?= /etc
DATA ?= host/screen/measure/testdata/lines.tsv

.PHONY: bench-screen
bench-screen: ## precision and recall of the screen by type, beside three patterns (DATA=file EDITS=folder)
	$(GO) run ./host/screen/bench -edits '$(EDITS)' '$(DATA)'
