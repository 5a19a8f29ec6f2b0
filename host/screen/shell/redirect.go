package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/homeostat/homeostat/host/screen/pattern"
	"github.com/homeostat/homeostat/host/screen/risk"
)

// redirects returns what the standard input is, and the files into which the output goes.
func (j *judge) redirects(list []*syntax.Redirect, in flow) (flow, []string) {
	var targets []string
	for _, r := range list {
		switch r.Op {
		case syntax.Hdoc, syntax.DashHdoc:
			in = flow{j.text(r.Hdoc), true}
		case syntax.WordHdoc:
			in = flow{j.text(r.Word), true}
		case syntax.RdrIn, syntax.RdrInOut:
			name := j.text(r.Word)
			in = j.read(j.at(r), name)
		case syntax.DplIn, syntax.DplOut:
			if name := j.text(r.Word); network.MatchString(name) {
				targets = append(targets, name)
			}
		default:
			targets = append(targets, j.text(r.Word))
		}
	}
	return in, targets
}

// read is what a file gives.
func (j *judge) read(line int, name string) flow {
	switch {
	case network.MatchString(tidy(name)):
		j.add(line, finding{"shell.network", "speaks to the network through the shell: " + name, risk.Critical, true})
		return flow{string(remote), true}
	case hidden.MatchString(tidy(name)):
		return flow{string(secret), true}
	case strings.HasPrefix(name, "/dev/fd/"):
		return flow{strings.TrimPrefix(name, "/dev/fd/"), true}
	case j.fetched[base(name)]:
		return flow{string(remote), true}
	}
	return flow{string(unknown), true}
}

// write judges that something is written to a file.
func (j *judge) write(line int, target string, what flow) {
	level, text := writing(target)
	switch {
	case level == risk.None:
		return
	case level == risk.Medium && (what.has(remote) || what.has(decoded) || risky(what.text)):
		level, text = risk.High, text+" from what is not known"
	}
	j.add(line, finding{"shell.write", text + ": " + target, level, level == risk.Critical})
}

var dangerous = pattern.New(`LD_PRELOAD|PROMPT_COMMAND|/dev/tcp/|\b(curl|wget|nc|ncat|socat)\b|NOPASSWD|base64`)

func risky(text string) bool { return dangerous.MatchString(text) }

// loader judges variables that make programs load or run something.
func (j *judge) loader(line int, name, value string) {
	switch {
	case (name == "LD_PRELOAD" || name == "LD_AUDIT") && value != "" && !strings.Contains(value, "jemalloc") && !strings.Contains(value, "tcmalloc"):
		j.add(line, finding{"shell.load", name + " loads " + value + " into each program", risk.High, false})
	case name == "LD_LIBRARY_PATH" && (scratches.MatchString(value) || strings.HasPrefix(value, ".")):
		j.add(line, finding{"shell.load", name + " has a folder that everybody writes to: " + value, risk.High, false})
	case name == "PATH" && (strings.HasPrefix(value, ".:") || strings.HasPrefix(value, "/tmp") || strings.HasPrefix(value, ":")):
		j.add(line, finding{"shell.load", "PATH begins with a folder that everybody writes to: " + value, risk.High, false})
	case name == "PROMPT_COMMAND" || name == "BASH_ENV":
		level := risk.Medium
		if risky(value) || scratches.MatchString(value) {
			level = risk.High
		}
		j.add(line, finding{"shell.stay", name + " is run by each shell: " + value, level, false})
	case (name == "HISTFILE" && (value == "" || value == "/dev/null")) || ((name == "HISTSIZE" || name == "HISTFILESIZE") && value == "0"):
		j.add(line, finding{"shell.hide", name + " is set so that nothing is recorded", risk.High, false})
	}
}
