package shell

import (
	"strings"

	"github.com/homeostat/homeostat/host/screen/risk"
)

// rule judges a call and returns what it prints.
type rule func(*judge, call) flow

// rules are for commands whose effect needs more than their arguments side by side. It is filled at start because rules
// call run, which reads it.
var rules map[string]rule

func init() {
	rules = map[string]rule{
		"echo": echo, "printf": echo, "cat": cat, "tee": tee, "mktemp": mktemp, "dd": dd, "rm": destroyer, "rmdir": harmless, "unlink": destroyer, "shred": destroyer, "srm": destroyer,
		"wipe": destroyer, "truncate": destroyer, "mke2fs": destroyer, "mkswap": destroyer, "find": find, "fd": find, "mv": move, "cp": copies, "install": copies, "ln": copies, "scp": copies, "rsync": copies,
		"eval": eval, "source": source, ".": source, "trap": trap, "su": inner, "runuser": inner, "script": inner, "flock": inner, "ssh": overSSH, "docker": container, "podman": container, "kubectl": container,
		"lxc": container, "curl": fetch, "wget": fetch, "lynx": fetch, "aria2c": fetch, "GET": fetch, "http": fetch, "fetch": fetch, "axel": fetch, "tftp": fetch, "ftp": fetch, "nc": talk, "ncat": talk, "netcat": talk, "telnet": talk,
		"socat": talk, "openssl": openssl, "dig": lookup, "nslookup": lookup, "host": lookup, "ping": lookup, "crontab": crontab, "at": later, "batch": later, "mysql": client, "psql": client, "mariadb": client, "sqlite3": client,
		"command": which, "which": which, "type": which, "cd": change, "chmod": grants, "exit": harmless, "true": harmless, "false": harmless, ":": harmless, "read": reads, "mapfile": harmless, "export": exports, "declare": exports,
		"xxd": unscramble, "base64": unscramble, "base32": unscramble, "rev": unscramble, "uudecode": unscramble, "gunzip": unscramble, "zcat": unscramble, "gzip": unscramble, "tr": unscramble, "bzip2": unscramble, "xz": unscramble,
		"printenv": environment, "set": harmless, "tar": archive, "zip": archive, "mail": send, "mailx": send, "sendmail": send, "mutt": send, "logger": harmless,
	}
	for _, name := range strings.Fields("sh bash dash zsh ksh mksh ash rbash fish csh tcsh yash") {
		rules[name] = shells
	}
	for _, name := range strings.Fields("perl ruby node nodejs php lua luajit deno bun tclsh wish Rscript awk gawk mawk nawk pwsh ghci irb jrunscript jjs osascript pypy3 groovy scala julia guile") {
		rules[name] = interpreter
	}
	for _, name := range strings.Fields("head tail grep egrep fgrep rg sed cut sort uniq jq yq less more nl tac column fold fmt paste pv strings od hexdump iconv dos2unix envsubst xargs expand") {
		rules[name] = filter
	}
	for _, name := range strings.Fields("ssh-agent apt-config dircolors brew direnv starship pyenv rbenv nodenv nvm fnm zoxide lesspipe minikube docker-machine opam luarocks resize getopt goenv jenv asdf mise conda micromamba thefuck tmuxifier keychain pipenv register-python-argcomplete gnome-keyring-daemon dbus-launch phpenv perlbrew plenv fzf atuin locale tput stty lessfile") {
		rules[name] = evaluated
	}
}

func harmless(*judge, call) flow { return flow{} }

// evaluated stands for tools that print what is made to be evaluated.
func evaluated(*judge, call) flow { return flow{string(trusted), true} }

// which prints the place of a command that stands on its line.
func which(_ *judge, c call) flow {
	if plain := c.plain(); len(plain) == 1 {
		return flow{plain[0], true}
	}
	return flow{string(unknown), true}
}

func environment(_ *judge, c call) flow {
	if len(c.args) > 0 {
		return flow{string(unknown), true}
	}
	return flow{string(secret), true}
}

func mktemp(*judge, call) flow { return flow{string(scratch), true} }

// change follows cd only so far as to know what a bare pattern would hit.
func change(j *judge, c call) flow {
	if len(c.args) > 0 {
		j.vars["PWD"] = c.args[len(c.args)-1]
	}
	return flow{}
}

func reads(j *judge, c call) flow {
	for _, name := range c.plain() {
		j.vars[name] = marksOf(c.in.text)
	}
	return flow{}
}

func exports(j *judge, c call) flow {
	for _, a := range c.args {
		if name, value, ok := strings.Cut(a, "="); ok {
			j.vars[name] = clip(value)
			j.loader(c.line, name, value)
		}
	}
	return flow{}
}

// marksOf keeps of a text what is known about where it came from.
func marksOf(text string) string {
	var b strings.Builder
	for _, r := range text {
		if isMark(r) && !strings.ContainsRune(b.String(), r) {
			b.WriteRune(r)
		}
	}
	if b.Len() == 0 {
		return string(unknown)
	}
	return b.String()
}

func echo(_ *judge, c call) flow {
	args := c.args
	for len(args) > 0 && (args[0] == "-e" || args[0] == "-n" || args[0] == "-ne" || args[0] == "-en" || args[0] == "--") {
		args = args[1:]
	}
	if len(args) == 0 {
		return flow{"\n", true}
	}
	text := strings.Join(args, " ")
	if c.name == "printf" && strings.Contains(args[0], "%") {
		text = strings.Join(args[1:], " ")
		if len(args) == 1 {
			text = args[0]
		}
	}
	if strings.Contains(text, `\`) {
		return flow{unescape(text) + "\n", true}
	}
	return flow{text + "\n", true}
}

func cat(j *judge, c call) flow {
	files := c.plain()
	if len(files) == 0 || (len(files) == 1 && files[0] == "-") {
		return c.in
	}
	out := flow{open: true}
	for _, name := range files {
		out = join(out, j.read(c.line, name))
	}
	if out.has(secret) {
		j.add(c.line, finding{"shell.secret", "reads a secret: " + c.joined(), secretLevel(files), false})
	}
	return out
}

// secretLevel is high for what opens the whole host, medium for a file that a service may read by design.
func secretLevel(files []string) risk.Level {
	for _, f := range files {
		f = tidy(f)
		if strings.HasSuffix(f, ".pem") || strings.HasSuffix(f, ".env") || strings.Contains(f, "/run/secrets") || strings.HasSuffix(f, ".crt") {
			continue
		}
		if hidden.MatchString(f) {
			return risk.High
		}
	}
	return risk.Medium
}

// filter passes on where its input came from.
func filter(j *judge, c call) flow {
	for _, a := range c.plain() {
		if hidden.MatchString(tidy(a)) && strings.Contains(a, "/") {
			j.add(c.line, finding{"shell.secret", "reads a secret: " + c.joined(), secretLevel([]string{a}), false})
			return flow{string(secret), true}
		}
		if j.fetched[base(a)] {
			return flow{string(remote), true}
		}
	}
	if c.name == "sed" && c.has("-i") {
		for _, a := range c.plain()[min(1, len(c.plain())):] {
			j.write(c.line, a, c.in)
		}
	}
	if !c.in.open {
		return flow{string(unknown), true}
	}
	if c.name == "sed" || c.name == "cut" {
		return flow{marksOf(c.in.text), true}
	}
	return c.in
}

func tee(j *judge, c call) flow {
	for _, name := range c.plain() {
		j.write(c.line, name, c.in)
		if c.in.has(remote) {
			j.fetched[base(name)] = true
		}
	}
	return c.in
}

// unscramble is for tools that turn unreadable text into readable, or the reverse.
func unscramble(_ *judge, c call) flow {
	from := c.in.text
	switch c.name {
	case "base64", "base32", "xxd":
		if !c.has("-d", "-D", "--decode", "-r") {
			return flow{marksOf(from), true}
		}
	case "gzip", "bzip2", "xz":
		if !c.has("-d", "-c", "--decompress") {
			return flow{marksOf(from), true}
		}
	case "tr":
		if c.has("-d", "-s") || len(c.args) < 2 || strings.HasPrefix(c.args[0], "[:") {
			return c.in
		}
	}
	if c.in.static() && (c.name == "base64" || c.name == "xxd") {
		return flow{decode(c.name, from) + string(decoded), true}
	}
	if c.in.static() && c.name == "rev" {
		return flow{reversed(from) + string(decoded), true}
	}
	return flow{marksOf(from) + string(decoded), true}
}

func reversed(text string) string {
	runes := []rune(strings.TrimSpace(text))
	for i, k := 0, len(runes)-1; i < k; i, k = i+1, k-1 {
		runes[i], runes[k] = runes[k], runes[i]
	}
	return string(runes)
}

func openssl(_ *judge, c call) flow {
	switch {
	case len(c.args) > 0 && c.args[0] == "s_client":
		return flow{string(remote), true}
	case c.has("-d") && (c.has("enc") || c.has("base64") || strings.HasPrefix(c.joined(), "openssl aes")):
		return flow{marksOf(c.in.text) + string(decoded), true}
	}
	return flow{string(unknown), true}
}
