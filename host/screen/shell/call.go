package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/homeostat/homeostat/host/screen/pattern"
	"github.com/homeostat/homeostat/host/screen/risk"
)

// call is one command with its arguments as they will be.
type call struct {
	name string // without folders
	path string // as written
	args []string
	in   flow
	line int
}

// joined is the whole command, for excerpts and patterns.
func (c call) joined() string { return strings.TrimSpace(c.path + " " + strings.Join(c.args, " ")) }

// has says that one of the arguments is among the given ones. A short option may be in a bundle: -rf has -r.
func (c call) has(options ...string) bool {
	for _, a := range c.args {
		for _, o := range options {
			if a == o || strings.HasPrefix(a, o+"=") && strings.HasPrefix(o, "--") {
				return true
			}
			if len(o) == 2 && o[0] == '-' && o[1] != '-' && len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.Contains(a[1:], o[1:]) {
				return true
			}
		}
	}
	return false
}

// after is the argument that follows the first of the given options, or is joined to it.
func (c call) after(options ...string) (string, bool) {
	for i, a := range c.args {
		for _, o := range options {
			if a == o && i+1 < len(c.args) {
				return c.args[i+1], true
			}
			if v, ok := strings.CutPrefix(a, o+"="); ok {
				return v, true
			}
			if len(o) == 2 && o[1] != '-' && len(a) > 2 && strings.HasPrefix(a, o) {
				return a[2:], true
			}
		}
	}
	return "", false
}

// plain are the arguments that are no options.
func (c call) plain() []string {
	var out []string
	for _, a := range c.args {
		if len(a) < 2 || a[0] != '-' {
			out = append(out, a)
		}
	}
	return out
}

func (j *judge) callExpr(c *syntax.CallExpr, in flow) flow {
	for _, a := range c.Assigns {
		j.assign(a)
	}
	if len(c.Args) == 0 {
		return flow{}
	}
	j.spelled(c)
	if name, values := j.choice(c); name != "" {
		now := j.vars[name]
		for _, v := range values {
			j.vars[name] = v
			j.words(c, in)
		}
		j.vars[name] = now
	}
	return j.words(c, in)
}

func (j *judge) words(c *syntax.CallExpr, in flow) flow {
	words := j.fields(c.Args...)
	if len(words) == 0 {
		return flow{}
	}
	return j.run(words, in, j.at(c))
}

// choice is the first variable of a command that may hold other values too, and these.
func (j *judge) choice(c *syntax.CallExpr) (name string, values []string) {
	if len(j.others) == 0 {
		return "", nil
	}
	for _, w := range c.Args {
		syntax.Walk(w, func(n syntax.Node) bool {
			if p, ok := n.(*syntax.ParamExp); ok && p.Param != nil && name == "" && len(j.others[p.Param.Value]) > 0 {
				name = p.Param.Value
			}
			return true
		})
	}
	return name, append([]string(nil), j.others[name]...)
}

// spelled looks at how the name of a command is written: nobody writes a name in numbers.
func (j *judge) spelled(c *syntax.CallExpr) {
	for _, w := range c.Args[:1] {
		for _, p := range w.Parts {
			if q, ok := p.(*syntax.SglQuoted); ok && q.Dollar && strings.Contains(q.Value, `\`) {
				j.add(j.at(c), finding{"shell.obscure", "the name of a command is written in numbers", risk.High, false})
			}
			if q, ok := p.(*syntax.SglQuoted); ok && !q.Dollar && q.Value == "" && len(w.Parts) > 1 {
				j.add(j.at(c), finding{"shell.obscure", "the name of a command is broken up by quotes", risk.High, false})
			}
			if q, ok := p.(*syntax.DblQuoted); ok && len(q.Parts) == 0 && len(w.Parts) > 1 {
				j.add(j.at(c), finding{"shell.obscure", "the name of a command is broken up by quotes", risk.High, false})
			}
		}
	}
}

var globbed = pattern.New(`[*?]|\[.+\]`)

// run judges a command made of words, and returns what it prints.
func (j *judge) run(words []string, in flow, line int) flow {
	c := call{path: words[0], name: base(words[0]), args: words[1:], in: in, line: line}
	if *j.steps++; *j.steps > maxSteps || len(words) > 100_000 {
		return flow{text: string(unknown), open: true}
	}
	if strings.ContainsFunc(c.path, isMark) && j.unnamed(c) {
		return flow{text: string(unknown), open: true}
	}
	if globbed.MatchString(c.path) && c.path != "[" && c.path != "[[" {
		j.add(line, finding{"shell.obscure", "the name of a command is a pattern: " + c.joined(), risk.High, false})
		return flow{text: string(unknown), open: true}
	}
	if j.funcs[c.path] {
		return flow{text: string(unknown), open: true}
	}
	if rest, ok := wrapped(c); ok {
		j.wrapper(c)
		if len(rest) == 0 && c.name == "env" {
			return flow{string(secret), true}
		}
		if len(rest) == 0 {
			return in
		}
		return j.run(rest, in, line)
	}
	if j.fetched[c.name] && strings.Contains(c.path, "/") {
		j.add(line, finding{"shell.fetch", "runs what was just fetched: " + c.joined(), risk.High, false})
	}
	j.everyCall(c)
	if rule, ok := rules[c.name]; ok {
		return rule(j, c)
	}
	if strings.HasPrefix(c.name, "mkfs") {
		return destroyer(j, c)
	}
	if strings.HasPrefix(c.name, "python") {
		return interpreter(j, c)
	}
	return flow{text: string(unknown), open: true}
}

// unnamed judges a command whose name is not known. It returns false when the name is known well enough.
func (j *judge) unnamed(c call) bool {
	f := finding{"shell.unknown", "runs a command that is not known: " + c.joined(), risk.High, false}
	switch {
	case strings.ContainsRune(c.path, rune(remote)):
		f = finding{"shell.fetch", "runs what comes over the network: " + c.joined(), risk.Critical, false}
	case strings.ContainsRune(c.path, rune(decoded)):
		f = finding{"shell.obscure", "runs what was made unreadable: " + c.joined(), risk.High, false}
	case !strings.ContainsFunc(c.name, isMark):
		return false
	case strings.HasPrefix(c.path, string(caller)):
		f.rule, f.level = "shell.caller", risk.Medium
	case strings.Contains(c.path, "/") && strings.Trim(c.name, "eE") != c.name, strings.HasPrefix(c.path, string(scratch)):
		f.level = risk.High
	}
	j.add(c.line, f)
	return true
}

// wrappers start the command that follows their own options. The text lists options that take an argument of their own.
var wrappers = map[string]string{
	"sudo": "-u -g -h -p -C -T -U -r -t -D", "doas": "-u -C", "env": "-u -C -S", "command": "", "builtin": "", "exec": "-a", "nohup": "", "nice": "-n", "ionice": "-c -n -p",
	"timeout": "-s -k", "setsid": "", "stdbuf": "-i -o -e", "time": "-f -o", "xargs": "-n -P -I -i -L -l -d -a -s -E --max-args --max-procs --replace --delimiter", "strace": "-o -e -p -s -f", "ltrace": "-o -e", "chroot": "",
	"unshare": "", "nsenter": "-t --target", "busybox": "", "toybox": "", "chronic": "", "taskset": "-c -p", "chrt": "", "fakeroot": "", "setarch": "", "linux64": "", "torsocks": "", "proxychains": "-f",
	"proxychains4": "-f", "dbus-run-session": "", "systemd-run": "-p -u -E --unit --property --uid", "systemd-inhibit": "--what --who --why", "pkexec": "--user", "watch": "-n -d", "firejail": "", "prlimit": "", "runcon": "", "catchsegv": "",
	"ld-linux-x86-64.so.2": "--library-path", "xvfb-run": "-s -n", "dumb-init": "", "tini": "", "gosu": "", "su-exec": "", "parallel": "-j -a", "setpriv": "", "numactl": "", "cpulimit": "-l", "unbuffer": "", "rlwrap": "", "entr": "", "cgexec": "-g", "aa-exec": "-p", "capsh": "", "sshpass": "-p -f", "faketime": "", "direnv": "", "eatmydata": "",
}

// skips are wrappers with that many plain arguments of their own in front of the command.
var skips = map[string]int{"timeout": 1, "chroot": 1, "setarch": 1, "gosu": 1, "su-exec": 1, "chrt": 1, "faketime": 1}

// wrapped gives the command that a wrapper starts.
func wrapped(c call) ([]string, bool) {
	takes, ok := wrappers[c.name]
	if !ok || (c.name == "command" && c.has("-v", "-V")) || (c.name == "direnv" && (len(c.args) == 0 || c.args[0] != "exec")) {
		return nil, false
	}
	skip := skips[c.name]
	rest := c.args
	for len(rest) > 0 {
		a := rest[0]
		switch {
		case a == "--":
		case strings.HasPrefix(a, "-") && len(a) > 1:
			if len(rest) > 1 && strings.Contains(" "+takes+" ", " "+a+" ") {
				rest = rest[1:]
			}
		case c.name == "env" && strings.Contains(a, "="), c.name == "sudo" && assignment.MatchString(a):
		case c.name == "taskset" && skip == 0 && strings.HasPrefix(a, "0x"):
		case skip > 0:
			skip--
		default:
			return input(c, rest), true
		}
		rest = rest[1:]
	}
	return nil, true
}

var assignment = pattern.New(`^[A-Za-z_][A-Za-z0-9_]*=`)

// input appends to the command of xargs what comes in.
func input(c call, rest []string) []string {
	if c.name != "xargs" && c.name != "parallel" {
		return rest
	}
	text := c.in.text
	if text == "" {
		text = string(unknown)
	}
	items := strings.Fields(text)
	if place, ok := c.after("-I", "--replace", "-i"); ok || c.name == "parallel" {
		if place == "" {
			place = "{}"
		}
		out := make([]string, len(rest))
		for i, a := range rest {
			out[i] = strings.ReplaceAll(a, place, clip(text))
		}
		return out
	}
	return append(append([]string(nil), rest...), items[:min(len(items), maxTurns)]...)
}

// wrapper judges what a wrapper does beside starting a command.
func (j *judge) wrapper(c call) {
	for _, a := range c.args {
		if name, value, ok := strings.Cut(a, "="); ok && assignment.MatchString(a) && (c.name == "env" || c.name == "sudo") {
			j.loader(c.line, name, value)
		}
	}
	switch {
	case c.name == "nsenter" && c.has("-t", "--target") && c.has("1", "-t1", "-m", "--all", "-a"):
		j.add(c.line, finding{"shell.escape", "enters the namespaces of another process: " + c.joined(), risk.High, false})
	case c.name == "sshpass" && c.has("-p"):
		j.add(c.line, finding{"shell.secret", "a password on the command line: sshpass -p", risk.Medium, false})
	case c.name == "capsh" && len(c.args) > 0 && c.args[len(c.args)-1] == "--":
		j.add(c.line, finding{"shell.escape", "a shell by way of " + c.joined(), risk.High, false})
	case c.name == "env" && c.has("-S"):
		if text, ok := c.after("-S"); ok {
			j.program(text, c.line-1)
		}
	}
}
