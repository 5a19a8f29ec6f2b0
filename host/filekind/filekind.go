// Package filekind tells what kind of file a text is, by its path and by its first line. The screen and the built-in
// validators use the same answer.
//
// It is pure and may be used from several goroutines.
package filekind

import (
	"bytes"
	"path"
	"regexp"
	"strings"
)

// Kind is a kind of file.
type Kind string

// The kinds. Other is everything that no rule names.
const (
	Other      Kind = "other"
	Go         Kind = "go"
	JSON       Kind = "json"
	TOML       Kind = "toml"
	YAML       Kind = "yaml"
	INI        Kind = "ini"
	Shell      Kind = "shell"
	Unit       Kind = "unit"    // a unit of systemd, a drop-in among them
	Crontab    Kind = "crontab" // of a user: no column for the user
	SystemCron Kind = "cron.d"  // of the system: a column for the user
	SQL        Kind = "sql"
	Dockerfile Kind = "dockerfile"
	Makefile   Kind = "makefile"
	SSHD       Kind = "sshd_config"
	Sudoers    Kind = "sudoers"
	Nginx      Kind = "nginx"
	Script     Kind = "script" // Python, Perl, Ruby, PHP, JavaScript, Lua
)

var byEnding = map[string]Kind{
	".go": Go, ".json": JSON, ".toml": TOML, ".yaml": YAML, ".yml": YAML, ".ini": INI, ".sh": Shell, ".bash": Shell, ".ksh": Shell, ".sql": SQL, ".mk": Makefile,
	".service": Unit, ".socket": Unit, ".timer": Unit, ".mount": Unit, ".path": Unit, ".target": Unit, ".slice": Unit, ".automount": Unit, ".swap": Unit,
	".py": Script, ".pl": Script, ".pm": Script, ".rb": Script, ".php": Script, ".js": Script, ".mjs": Script, ".cjs": Script, ".ts": Script, ".lua": Script, ".desktop": INI,
	".network": Unit, ".netdev": Unit, ".link": Unit, ".nspawn": Unit,
}

var byName = map[string]Kind{
	"Dockerfile": Dockerfile, "Containerfile": Dockerfile, "Makefile": Makefile, "makefile": Makefile, "GNUmakefile": Makefile, "sshd_config": SSHD, "sudoers": Sudoers, "nginx.conf": Nginx,
	".bashrc": Shell, ".profile": Shell, ".bash_profile": Shell, ".zshrc": Shell, "profile": Shell, "rc.local": Shell, "postinst": Shell, "prerm": Shell, "preinst": Shell, "postrm": Shell, "my.cnf": Other, "Cargo.lock": TOML,
}

var (
	cronFolder = regexp.MustCompile(`(^|/)cron\.d/[^/]+$|(^|/)etc/crontab$`)
	userCron   = regexp.MustCompile(`(^|/)(spool/cron(/crontabs)?/[^/]+|crontab|[^/]+\.(crontab|cron))$`)
	cronScript = regexp.MustCompile(`(^|/)cron\.(daily|hourly|weekly|monthly)/[^/]+$|(^|/)init\.d/[^/]+$|(^|/)profile\.d/[^/]+$`)
	nginxPlace = regexp.MustCompile(`(^|/)nginx/.*(\.conf|sites-(available|enabled)/[^/]+|conf\.d/[^/]+|snippets/[^/]+)$|(^|/)sites-(available|enabled)/[^/]+$`)
	sshdPlace  = regexp.MustCompile(`(^|/)sshd_config\.d/[^/]+$`)
	sudoPlace  = regexp.MustCompile(`(^|/)sudoers\.d/[^/]+$`)
	dropIn     = regexp.MustCompile(`\.(service|socket|timer|mount|path|target|slice|scope)\.d/[^/]+\.conf$|(^|/)systemd/[^/]+\.conf(\.d/[^/]+\.conf)?$`)
	shellLine  = regexp.MustCompile(`^#!\s*(/usr)?(/local)?/bin/(env\s+(-S\s+)?)?(ba|da|k|mk|a|z)?sh\b`)
	otherLine  = regexp.MustCompile(`^#!\s*\S*(\s+(-S\s+)?|/)(python|perl|ruby|php|node|lua)[\d.]*\b`)
)

// places are looked at in order.
var places = []struct {
	pattern *regexp.Regexp
	kind    Kind
}{
	{cronFolder, SystemCron}, {userCron, Crontab}, {dropIn, Unit}, {sshdPlace, SSHD}, {sudoPlace, Sudoers}, {cronScript, Shell}, {nginxPlace, Nginx},
}

// Of tells the kind of a file. A first line that names an interpreter decides, then the place, the name, the ending.
func Of(name string, content []byte) Kind {
	first, _, _ := bytes.Cut(content[:min(len(content), 200)], []byte("\n"))
	switch {
	case shellLine.Match(first):
		return Shell
	case otherLine.Match(first):
		return Script
	}
	for _, p := range places {
		if p.pattern.MatchString(name) {
			return p.kind
		}
	}
	base := path.Base(name)
	if kind, ok := byName[base]; ok {
		return kind
	}
	if strings.HasPrefix(base, "Dockerfile.") || strings.HasSuffix(base, ".dockerfile") {
		return Dockerfile
	}
	if kind, ok := byEnding[strings.ToLower(path.Ext(base))]; ok {
		return kind
	}
	return Other
}
