package shell

import (
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/screen/risk"
	"github.com/homeostat/homeostat/host/screen/script"
)

// shells judges sh, bash and the like: what they are given is a program.
func shells(j *judge, c call) flow {
	for i, a := range c.args {
		switch {
		case strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--") && strings.Contains(a, "c") && i+1 < len(c.args):
			return j.code(c, given(c.args[i+1:]))
		case strings.HasPrefix(a, "-") && strings.Contains(a, "s"), a == "-", a == "/dev/stdin":
			return j.code(c, c.in.text)
		case strings.HasPrefix(a, "-"):
			if strings.Contains(a, "p") && c.name != "fish" && !strings.HasPrefix(a, "--") {
				j.add(c.line, finding{"shell.rights", "a shell that keeps the rights it was given: " + c.joined(), risk.High, false})
			}
			if a == "-i" && !c.in.open && strings.Contains(c.joined(), string(unknown)) {
				j.add(c.line, finding{"shell.unknown", "an interactive shell: " + c.joined(), risk.High, false})
			}
		default:
			return j.file(c, a)
		}
	}
	if c.in.open {
		return j.code(c, c.in.text)
	}
	return flow{string(unknown), true}
}

// given is the program behind -c; an option may stand between them.
func given(rest []string) string {
	if strings.HasPrefix(rest[0], "-") && len(rest) > 1 {
		return rest[1]
	}
	return rest[0]
}

// code judges a text that is run as a shell program.
func (j *judge) code(c call, text string) flow {
	switch {
	case strings.ContainsRune(text, rune(remote)):
		level := risk.Critical
		if j.named(text) {
			level = risk.High
		}
		j.add(c.line, finding{"shell.fetch", "runs what comes over the network: " + c.joined(), level, false})
		return flow{string(unknown), true}
	case strings.ContainsRune(text, rune(decoded)):
		j.add(c.line, finding{"shell.obscure", "runs what was made unreadable: " + c.joined(), risk.High, false})
		text = strings.ReplaceAll(text, string(decoded), "")
		if strings.ContainsFunc(text, isMark) {
			return flow{string(unknown), true}
		}
	case strings.TrimSpace(text) == string(caller):
		j.add(c.line, finding{"shell.caller", "runs what the caller gives: " + c.joined(), risk.Medium, false})
		return flow{string(unknown), true}
	case strings.Trim(text, string(unknown)+" \n\"") == "":
		j.add(c.line, finding{"shell.unknown", "runs a program that is not known: " + c.joined(), risk.High, false})
		return flow{string(unknown), true}
	}
	return j.program(text, c.line-1)
}

// named says that a text fetched came over https from a host with a name. fetch writes the address behind the mark.
func (j *judge) named(text string) bool {
	return strings.Contains(text, string(remote)+"https://") && !strings.ContainsRune(text, rune(decoded))
}

// file judges that a file is run as a program.
func (j *judge) file(c call, name string) flow {
	switch {
	case strings.HasPrefix(name, "/dev/fd/"):
		return j.code(c, strings.TrimPrefix(name, "/dev/fd/"))
	case strings.ContainsRune(name, rune(remote)) || j.fetched[base(name)]:
		j.add(c.line, finding{"shell.fetch", "runs what was just fetched: " + c.joined(), risk.High, false})
	case strings.HasPrefix(name, "/tmp/") || strings.HasPrefix(name, "/dev/shm/") || strings.HasPrefix(name, "/var/tmp/"):
		j.add(c.line, finding{"shell.scratch", "runs a file that everybody can write: " + c.joined(), risk.Medium, false})
	}
	return flow{string(unknown), true}
}

func eval(j *judge, c call) flow {
	text := strings.Join(c.args, " ")
	switch {
	case strings.Trim(text, string(trusted)+" ") == "":
		j.add(c.line, finding{"shell.eval", "evaluates what a tool prints", risk.Low, false})
		return flow{}
	case strings.ContainsRune(text, rune(unknown)) || strings.ContainsRune(text, rune(caller)):
		j.add(c.line, finding{"shell.unknown", "evaluates a text that is not known: " + c.joined(), risk.High, false})
		return flow{string(unknown), true}
	case strings.ContainsRune(text, rune(trusted)):
		return flow{}
	}
	return j.code(c, text)
}

func source(j *judge, c call) flow {
	if len(c.args) == 0 {
		return flow{}
	}
	if c.args[0] == "/dev/stdin" {
		return j.code(c, c.in.text)
	}
	if name := strings.TrimPrefix(c.args[0], "/dev/fd/"); name != c.args[0] && strings.ContainsRune(name, rune(trusted)) || strings.HasPrefix(name, "complet") {
		return flow{}
	} else if name != c.args[0] && name == string(unknown) {
		j.add(c.line, finding{"shell.eval", "reads in what a command prints: " + c.joined(), risk.Medium, false})
		return flow{}
	}
	return j.file(c, c.args[0])
}

// trap judges the program that runs later.
func trap(j *judge, c call) flow {
	if plain := c.plain(); len(plain) > 1 && plain[0] != "" {
		j.program(plain[0], c.line-1)
	}
	return flow{}
}

// inner judges commands with -c.
func inner(j *judge, c call) flow {
	if text, ok := c.after("-c", "--command"); ok {
		return j.code(c, text)
	}
	if i := slices.Index(c.args, "--"); i >= 0 && i+1 < len(c.args) {
		return j.run(c.args[i+1:], c.in, c.line)
	}
	if c.name == "flock" && len(c.plain()) > 1 {
		i := slices.Index(c.args, c.plain()[0])
		for i++; i < len(c.args) && strings.HasPrefix(c.args[i], "-"); i++ {
			continue
		}
		if i < len(c.args) && !strings.HasPrefix(c.args[i], "-") {
			return j.run(c.args[i:], c.in, c.line)
		}
	}
	return flow{string(unknown), true}
}

// sshTakes are options of ssh with an argument of their own.
const sshTakes = " -b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w "

// overSSH judges what ssh runs on the other side as if it ran here.
func overSSH(j *judge, c call) flow {
	rest := c.args
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
		if strings.Contains(sshTakes, " "+rest[0]+" ") && len(rest) > 1 {
			rest = rest[1:]
		}
		rest = rest[1:]
	}
	j.leak(c)
	if len(rest) > 1 {
		text := strings.Join(rest[1:], " ")
		if strings.ContainsFunc(text, isMark) {
			j.add(c.line, finding{"shell.remote", "runs on another host: " + c.joined(), risk.Medium, false})
		}
		if strings.Trim(text, string(unknown)+" ") != "" {
			j.program(text, c.line-1)
		}
	}
	return flow{string(unknown), true}
}

// container judges what is run within a container: less, because it is one.
func container(j *judge, c call) flow {
	for i, a := range c.args {
		if rules[base(a)] != nil && i > 1 && (c.args[0] == "exec" || c.args[0] == "run") && strings.HasSuffix(base(a), "sh") {
			before := len(j.found)
			out := j.run(c.args[i:], c.in, c.line)
			for k := before; k < len(j.found); k++ {
				if j.found[k].Rule == "shell.destroy" {
					j.found[k].Level = min(j.found[k].Level, risk.High)
				}
			}
			return out
		}
	}
	return flow{string(unknown), true}
}

func crontab(j *judge, c call) flow {
	if c.in.open && (len(c.args) == 0 || c.has("-") || slices.Contains(c.args, "-")) {
		text := c.in.text
		level := risk.Medium
		if risky(text) || strings.ContainsFunc(text, isMark) && c.in.has(remote) || scratches.MatchString(lastWord(text)) || strings.Contains(text, "/tmp/") || strings.Contains(text, "/dev/shm") {
			level = risk.High
		}
		j.add(c.line, finding{"shell.stay", "writes cron jobs: " + text, level, false})
	}
	return flow{string(unknown), true}
}

func lastWord(text string) string {
	words := strings.Fields(text)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

func later(j *judge, c call) flow {
	if c.in.open {
		return j.code(c, c.in.text)
	}
	return flow{}
}

// codeOptions are what precedes a program on the line of an interpreter.
var codeOptions = map[string][]string{
	"perl": {"-e", "-E", "-ne", "-pe", "-le", "-MIO", "-nle", "-lane", "-ane", "-i"}, "ruby": {"-e", "-rsocket", "-ne"}, "node": {"-e", "-p", "--eval"}, "nodejs": {"-e", "-p"}, "php": {"-r"}, "lua": {"-e"}, "luajit": {"-e"},
	"deno": {"eval"}, "bun": {"-e"}, "Rscript": {"-e"}, "pwsh": {"-c", "-Command", "-enc", "-EncodedCommand"}, "jrunscript": {"-e"}, "osascript": {"-e"}, "tclsh": {}, "groovy": {"-e"}, "julia": {"-e"}, "ghci": {"-e"}, "guile": {"-c"},
}

// interpreter judges programs in other languages that stand on the line or come through the pipe.
func interpreter(j *judge, c call) flow {
	code, ok := c.after(codeOptions[c.name]...)
	switch {
	case strings.HasPrefix(c.name, "python") || c.name == "pypy3":
		code, ok = c.after("-c")
		for i, a := range c.args {
			if !ok && len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.HasSuffix(a, "c") && i+1 < len(c.args) {
				code, ok = c.args[i+1], true
			}
		}
		if m, is := c.after("-m"); is && !ok {
			return module(j, c, m)
		}
	case strings.HasSuffix(c.name, "awk"):
		code, ok = strings.Join(c.args, " "), len(c.args) > 0
	}
	if !ok && len(c.plain()) > 0 && c.plain()[0] != "-" {
		return j.file(c, c.plain()[0])
	}
	if c.name == "perl" || c.name == "ruby" {
		code = strings.Join(c.args, " ")
	}
	if !ok && c.in.open {
		code, ok = c.in.text, true
	}
	if !ok {
		return flow{string(unknown), true}
	}
	return j.foreign(c, code)
}

// foreign judges a program in another language.
func (j *judge) foreign(c call, code string) flow {
	switch {
	case strings.ContainsRune(code, rune(remote)):
		j.add(c.line, finding{"shell.fetch", "runs what comes over the network: " + c.joined(), risk.Critical, false})
	case strings.ContainsRune(code, rune(decoded)):
		j.add(c.line, finding{"shell.obscure", "runs what was made unreadable: " + c.joined(), risk.High, false})
	case strings.Trim(code, string(unknown)+" ") == "" && !strings.HasSuffix(c.name, "awk"):
		j.add(c.line, finding{"shell.unknown", "runs a program that is not known: " + c.joined(), risk.High, false})
	}
	for _, f := range script.Judge(code) {
		f.Line = c.line
		f.Text = risk.Excerpt(c.name + ": " + f.Text)
		j.found = append(j.found, f)
	}
	return flow{string(unknown), true}
}

func module(j *judge, c call, name string) flow {
	switch name {
	case "pty", "code", "http.server", "SimpleHTTPServer", "pyftpdlib", "ftplib", "telnetlib":
		j.add(c.line, finding{"shell.network", "serves a folder or a shell: " + c.joined(), risk.Medium, false})
	}
	return flow{string(unknown), true}
}
