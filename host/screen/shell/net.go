package shell

import (
	"strings"

	"github.com/homeostat/homeostat/host/screen/pattern"
	"github.com/homeostat/homeostat/host/screen/risk"
)

var (
	address  = pattern.New(`^(https?|ftp|tftp)://`)
	bareHost = pattern.New(`^[a-z0-9-]+(\.[a-z0-9-]+)+(/|:|$)`)
	byNumber = pattern.New(`://(\d+\.\d+\.\d+\.\d+|0x|\d+[/:])`)
	local    = pattern.New(`^(https?://)?(localhost|127\.\d|\[::1\]|10\.|192\.168\.|0\.0\.0\.0)`)
)

// fetch judges curl, wget and the like: what they send, what they write, what they print.
func fetch(j *judge, c call) flow {
	j.leak(c)
	from := ""
	for _, a := range c.args {
		if address.MatchString(a) || (from == "" && bareHost.MatchString(a)) || strings.ContainsFunc(a, isMark) && from == "" && !strings.HasPrefix(a, "-") {
			from = a
		}
	}
	if c.has("-K", "--config") && !c.has("-k") && c.name == "curl" && from == "" {
		j.add(c.line, finding{"shell.unknown", "fetches what is not known: " + c.joined(), risk.Medium, false})
	}
	out := string(remote)
	if strings.HasPrefix(from, "https://") && !byNumber.MatchString(from) && !c.has("-k", "--insecure", "--no-check-certificate") {
		out += from // code trusts a named host a little more
	}
	for _, name := range j.saved(c, from) {
		j.write(c.line, name, flow{string(remote), true})
		j.fetched[base(name)] = true
	}
	if strings.HasPrefix(from, "file://") && hidden.MatchString(tidy(from)) {
		j.add(c.line, finding{"shell.secret", "reads a secret: " + c.joined(), risk.High, false})
	}
	return flow{out, true}
}

// saved are the files that a fetch writes.
func (j *judge) saved(c call, from string) []string {
	options := []string{"-o", "--output"}
	if c.name == "wget" {
		options = []string{"-O", "--output-document"}
	}
	if name, ok := c.after(options...); ok {
		if name == "-" || name == "/dev/null" || name == "/dev/stdout" {
			return nil
		}
		return []string{name}
	}
	if (c.name == "wget" && !c.has("-qO-") && !strings.Contains(c.joined(), "O-") && !c.has("--spider")) || (c.name == "curl" && c.has("-O", "--remote-name")) || c.name == "aria2c" || c.name == "axel" {
		return []string{base(strings.SplitN(from, "?", 2)[0])}
	}
	return nil
}

// sends are options after which something is sent.
var sends = []string{"-d", "--data", "--data-binary", "--data-raw", "--data-urlencode", "-F", "--form", "-T", "--upload-file", "--post-file", "--post-data", "--body-file", "-H", "--header", "-u", "--user-agent", "-A", "-b"}

// leak judges that something secret leaves the host in an argument or through the pipe.
func (j *judge) leak(c call) {
	if strings.Contains(c.joined(), "169.254.169.254") || strings.Contains(c.joined(), "metadata.google.internal") {
		j.add(c.line, finding{"shell.secret", "asks the cloud for credentials: " + c.joined(), risk.High, false})
	}
	level, what := risk.None, ""
	for _, a := range c.args {
		if strings.ContainsRune(a, rune(secret)) {
			level, what = risk.High, "a secret"
		}
	}
	for _, option := range sends {
		value, ok := c.after(option)
		if !ok {
			continue
		}
		if i := strings.IndexByte(value, '@'); i >= 0 {
			value = value[i+1:]
		}
		if p := tidy(value); hidden.MatchString(p) || authority.MatchString(p) {
			level, what = risk.High, "a secret file"
		}
		if value == "-" && c.in.has(secret) {
			level, what = risk.High, "a secret"
		}
	}
	if c.in.has(secret) {
		level, what = risk.High, "a secret"
	}
	if level > risk.None && !local.MatchString(lastWord(c.joined())) {
		j.add(c.line, finding{"shell.leak", "sends " + what + " away: " + c.joined(), level, true})
	}
}

// talk judges plain connections.
func talk(j *judge, c call) flow {
	j.leak(c)
	if c.in.open && !c.in.static() && !c.has("-z") && !c.has("-U") && !strings.Contains(c.joined(), "localhost") && !strings.Contains(c.joined(), "127.0.0.1") {
		j.add(c.line, finding{"shell.leak", "sends over a plain connection what is not known: " + c.joined(), risk.High, true})
	}
	return flow{string(remote), true}
}

// lookup judges names that carry something out.
func lookup(j *judge, c call) flow {
	for _, a := range c.plain() {
		if strings.ContainsFunc(a, isMark) && strings.Contains(a, ".") && (strings.ContainsRune(a, rune(secret)) || strings.ContainsRune(a, rune(decoded)) || strings.Index(a, string(unknown)) == 0 && strings.Count(a, ".") > 1) {
			j.add(c.line, finding{"shell.leak", "asks for a name made of what is not known: " + c.joined(), risk.High, true})
		}
	}
	if c.name == "dig" || c.name == "nslookup" {
		return flow{string(remote), true}
	}
	return flow{string(unknown), true}
}

func send(j *judge, c call) flow {
	j.leak(c)
	for _, a := range c.args {
		if hidden.MatchString(tidy(a)) || authority.MatchString(tidy(a)) {
			j.add(c.line, finding{"shell.leak", "mails a secret: " + c.joined(), risk.High, true})
		}
	}
	return flow{}
}
