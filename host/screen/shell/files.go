package shell

import (
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/screen/pattern"
	"github.com/homeostat/homeostat/host/screen/risk"
	"github.com/homeostat/homeostat/host/screen/sql"
)

// destroyer judges commands whose plain arguments are gone afterwards.
func destroyer(j *judge, c call) flow {
	deep := c.has("-r", "-R", "--recursive") || c.name != "rm"
	for _, p := range c.plain() {
		if c.name == "shred" || c.name == "mkfs" || strings.HasPrefix(c.name, "mkfs.") || c.name == "truncate" || c.name == "mkswap" {
			deep = deep && !scratches.MatchString(p)
		}
		if pwd := j.vars["PWD"]; onlyPattern.MatchString(strings.TrimPrefix(p, "./")) && strings.HasPrefix(pwd, "/") {
			p = pwd + "/" + p
		}
		level, what := loss(p)
		if !deep && !strings.ContainsAny(p, "*?") && level > risk.Medium && !authority.MatchString(tidy(p)) && !logs.MatchString(tidy(p)) && !device.MatchString(tidy(p)) && !vital(p) {
			level = risk.Medium
		}
		if c.name == "truncate" && !logs.MatchString(tidy(p)) {
			level = min(level, risk.Medium)
		}
		if level > risk.Low {
			j.add(c.line, finding{"shell.destroy", "destroys " + what + ": " + c.joined(), level, level >= risk.High})
		}
	}
	if c.has("--no-preserve-root") {
		j.add(c.line, finding{"shell.destroy", "destroys even the root: " + c.joined(), risk.Critical, true})
	}
	return flow{}
}

// vital says that the system does not start without this file.
func vital(p string) bool {
	return programs.MatchString(tidy(p))
}

func dd(j *judge, c call) flow {
	target, ok := c.operand("of")
	from, _ := c.operand("if")
	out := flow{}
	if from != "" {
		out = j.read(c.line, from)
	}
	if !ok {
		return out
	}
	switch {
	case device.MatchString(tidy(target)):
		j.add(c.line, finding{"shell.destroy", "overwrites a device: " + c.joined(), risk.Critical, true})
	case strings.ContainsRune(target, rune(unknown)) && strings.HasPrefix(target, "/dev/"):
		j.add(c.line, finding{"shell.destroy", "overwrites a device that is not known: " + c.joined(), risk.High, true})
	default:
		j.write(c.line, target, out)
	}
	if _, bounded := c.operand("count"); !bounded && (from == "/dev/zero" || from == "/dev/urandom") && !device.MatchString(target) {
		j.add(c.line, finding{"shell.exhaust", "fills the disk: " + c.joined(), risk.High, false})
	}
	return flow{}
}

// operand is the value of name=value.
func (c call) operand(name string) (string, bool) {
	for _, a := range c.args {
		if v, ok := strings.CutPrefix(a, name+"="); ok {
			return v, true
		}
	}
	return "", false
}

// find judges what is done with what is found.
func find(j *judge, c call) flow {
	start := slices.IndexFunc(c.args, func(a string) bool { return strings.HasPrefix(a, "-") || a == "(" || a == "!" })
	if start < 0 {
		start = len(c.args)
	}
	roots := c.args[:start]
	if len(roots) == 0 {
		roots = []string{"."}
	}
	narrow := c.has("-name", "-iname", "-mtime", "-mmin", "-path", "-regex", "-size", "-atime", "-ctime", "-newer", "-empty", "-user", "-inum", "-perm", "-maxdepth", "-xtype")
	found := roots[0] + string(reached)
	for i, a := range c.args {
		switch a {
		case "-delete":
			j.foundLoss(c, narrowed{roots, found, narrow})
		case "-exec", "-execdir", "-ok", "-okdir":
			end := i + 1
			for end < len(c.args) && c.args[end] != ";" && c.args[end] != "+" {
				end++
			}
			j.onEach(c, c.args[i+1:end], narrowed{roots, found, narrow})
		case "-fprintf", "-fprint", "-fls":
			if i+1 < len(c.args) {
				j.write(c.line, c.args[i+1], flow{})
			}
		case "-perm":
			if i+1 < len(c.args) && strings.Contains(c.args[i+1], "000") && (roots[0] == "/" || strings.HasPrefix(roots[0], "/usr")) {
				j.add(c.line, finding{"shell.secret", "looks for programs with the rights of others: " + c.joined(), risk.Medium, false})
			}
		}
	}
	if narrow {
		found = strings.TrimRight(found, string(reached)) + "/found" + string(reached)
	}
	return flow{found, true}
}

// narrowed is what find looks through.
type narrowed struct {
	roots  []string
	found  string // what it prints
	narrow bool   // conditions leave some out
}

// onEach judges the command that find runs.
func (j *judge) onEach(c call, words []string, n narrowed) {
	if len(words) == 0 {
		return
	}
	if words[0] == "rm" || words[0] == "shred" || words[0] == "unlink" || words[0] == "/bin/rm" || words[0] == "srm" {
		j.foundLoss(c, n)
		return
	}
	if strings.HasSuffix(words[0], "sh") && len(words) < 3 && rules[base(words[0])] != nil {
		j.add(c.line, finding{"shell.escape", "find starts a shell: " + c.joined(), risk.High, false})
		return
	}
	for i, w := range words {
		words[i] = strings.ReplaceAll(w, "{}", strings.TrimSuffix(n.found, "/"))
	}
	j.run(words, flow{}, c.line)
}

// foundLoss judges that what is found under the roots is deleted.
func (j *judge) foundLoss(c call, n narrowed) {
	for _, root := range n.roots {
		level, what := loss(root)
		if n.narrow && level > risk.Medium {
			level = risk.Medium
			if p := tidy(root); p == "/" || p == "/etc" || p == "/usr" || p == "/home" || p == "/boot" || p == "/bin" || p == "/lib" {
				level = risk.High
			}
		}
		if level > risk.Low {
			j.add(c.line, finding{"shell.destroy", "deletes what it finds in " + what + ": " + c.joined(), level, level >= risk.High})
		}
	}
}

func move(j *judge, c call) flow {
	plain := c.plain()
	if len(plain) < 2 {
		return flow{}
	}
	to := plain[len(plain)-1]
	for _, p := range plain[:len(plain)-1] {
		level, what := loss(p)
		switch {
		case to == "/dev/null":
			level, what = max(level, risk.High), "what it moves to nowhere"
		case level == risk.High && vitals.MatchString(tidy(p)) && !vital(p):
			level = risk.Medium
		}
		if level > risk.Medium {
			j.add(c.line, finding{"shell.destroy", "moves " + what + " away: " + c.joined(), level, to == "/dev/null"})
		}
		if j.fetched[base(p)] {
			j.fetched[base(to)] = true
		}
	}
	j.write(c.line, to, flow{})
	return flow{}
}

// copies judges what is copied, and to where.
func copies(j *judge, c call) flow {
	plain := c.plain()
	if len(plain) < 2 {
		return flow{}
	}
	to, in := plain[len(plain)-1], flow{}
	if (c.name == "cp" || c.name == "install") && c.has("-t") {
		to = plain[0]
	}
	away := strings.Contains(to, ":") && !strings.HasPrefix(to, "/")
	for _, p := range plain[:len(plain)-1] {
		p = tidy(p)
		switch {
		case hidden.MatchString(p) && away, (c.name == "scp" || c.name == "rsync") && away && (p == "/etc" || p == "/" || p == "/root"):
			j.add(c.line, finding{"shell.leak", "sends secrets to another host: " + c.joined(), risk.High, true})
		case hidden.MatchString(p) && c.name != "install" && !backup(to):
			j.add(c.line, finding{"shell.secret", "copies a secret: " + c.joined(), secretLevel([]string{p}), false})
		case c.name == "cp" && rules[base(p)] != nil && strings.HasSuffix(base(p), "sh") && strings.Contains(p, "bin/") && !strings.Contains(to, "bin"):
			j.add(c.line, finding{"shell.stay", "hides a shell: " + c.joined(), risk.High, false})
		case strings.HasPrefix(p, "/tmp/") || j.fetched[base(p)] || p == "/dev/null" || strings.HasPrefix(p, "/dev/shm"):
			in = flow{string(remote), true}
		}
	}
	if !away {
		j.write(c.line, to, in)
	}
	if strings.ContainsRune(plain[0], ':') && (c.name == "scp" || c.name == "rsync") {
		j.fetched[base(plain[0])] = true
	}
	return flow{}
}

// backup says that a name is that of a copy kept beside.
func backup(to string) bool {
	return strings.HasSuffix(to, ".bak") || strings.HasSuffix(to, ".orig") || strings.HasSuffix(to, ".old") || strings.Contains(to, ".bak") || strings.Contains(to, "backup")
}

// grants judges that a fetched file is made a program.
func grants(j *judge, c call) flow {
	for _, a := range c.plain() {
		if j.fetched[base(a)] && (c.has("+x", "u+x", "a+x") || strings.ContainsAny(c.args[0], "75")) {
			j.add(c.line, finding{"shell.fetch", "makes a program of what was fetched: " + c.joined(), risk.Medium, false})
		}
	}
	return flow{}
}

// archive judges what is packed.
func archive(j *judge, c call) flow {
	packs := c.name == "zip" || (len(c.args) > 0 && strings.Contains(c.args[0], "c") && !strings.HasPrefix(c.args[0], "--")) || c.has("--create")
	for _, a := range c.args {
		p := tidy(a)
		if !packs {
			continue
		}
		if hidden.MatchString(p) {
			j.add(c.line, finding{"shell.secret", "packs secrets: " + c.joined(), risk.High, false})
			return flow{string(secret), true}
		}
		if p == "/etc" || p == "/root" || p == "/home" || p == "/" {
			return flow{string(secret), true}
		}
	}
	if !packs && (c.has("/") && c.has("-C")) && c.in.has(remote) {
		j.add(c.line, finding{"shell.fetch", "unpacks over the root what was fetched: " + c.joined(), risk.High, false})
	}
	return flow{marksOf(c.in.text), true}
}

// client judges the statements that a database client is given.
func client(j *judge, c call) flow {
	text, _ := c.after("-e", "-c", "--execute", "--command", "-Bse", "-Ne", "-sNe", "-tAc", "-Atc", "-tc", "-Nse", "-qc")
	if c.name == "sqlite3" && len(c.plain()) > 1 {
		text = strings.Join(c.plain()[1:], " ")
	}
	if text == "" && c.in.open {
		text = c.in.text
	}
	if strings.Contains(text, `\!`) || strings.Contains(text, ".shell") || strings.Contains(text, ".system") || strings.HasPrefix(text, "system ") {
		j.add(c.line, finding{"shell.escape", "a database client that starts a command: " + c.joined(), risk.High, false})
		return flow{}
	}
	for _, f := range sql.Judge(strings.Trim(text, string(unknown))) {
		f.Line = c.line
		j.found = append(j.found, f)
	}
	return flow{string(unknown), true}
}

// programs are the files that a system cannot do without.
var programs = pattern.New(`^/(bin|sbin|lib|lib64|boot|usr/s?bin|usr/lib)/[^/]+$`)
