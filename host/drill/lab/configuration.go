package lab

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/homeostat/homeostat/host/drill/scratch"
)

// head keeps all that is not drilled from having a say: the state of this host, and the number of changes.
const head = `[healing]
enabled = false
[dashboard]
enabled = false
[log]
level = "error"
[safety.breaker]
failures = 1000
[safety.rate]
max = 10000
per_author = 10000
per_component = 10000
[safety.health]
min_score = 0
cpu_max = "100%"
memory_min_available = "0%"
disk_max = "100%"
error_rate_max = "100%"
success_rate_min = "0%"
response_max = "10m"
`

// configuration is that of the lab's daemon.
func (l *Lab) configuration() string {
	var b strings.Builder
	b.WriteString(head)
	keep := l.KeepBackups
	if keep == 0 {
		keep = 50
	}
	fmt.Fprintf(&b, "[backup]\nkeep_max = %d\n[state]\ndir = %q\n[socket]\npath = %q\n", keep, l.file("state"), l.socket())
	l.component(&b, Component, filepath.Join(l.place(), Root))
	if l.Blind {
		fmt.Fprintf(&b, "[[component.probe]]\ntype = \"exec\"\ncommand = [%q]\ninterval = \"1s\"\ntimeout = \"1s\"\n", l.file("no-such-program"))
	} else {
		l.probe(&b, Component)
	}
	if l.Neighbor {
		l.component(&b, Neighbor, l.file(Neighbor))
		l.probe(&b, Neighbor)
	}
	watch, confirm := orElse(l.Watch, "1h"), orElse(l.Confirm, "health")
	fmt.Fprintf(&b, "[[root]]\nname = %q\npath = %q\ncomponent = %q\nactivate = \"restart\"\nwatch = %q\nconfirm = %q\n",
		Root, filepath.Join(l.place(), Root), Component, watch, confirm)
	fmt.Fprintf(&b, "[[root]]\nname = %q\npath = %q\nwatch = \"1h\"\nconfirm = \"person\"\n", Second, l.file(Second))
	if len(l.Validate) > 0 {
		fmt.Fprintf(&b, "validate = [%s]\n", list(l.Validate))
	}
	return b.String()
}

func (l *Lab) component(b *strings.Builder, name, dir string) {
	command := append([]string{l.exe}, scratch.Arguments(dir, l.address[name], l.pipePath())...)
	fmt.Fprintf(b, "[[component]]\nname = %q\ncommand = %s\non_exit = \"stop\"\nstart_timeout = \"10s\"\nstop_timeout = \"1s\"\n", name, list(command))
}

func (l *Lab) probe(b *strings.Builder, name string) {
	fmt.Fprintf(b, "[[component.probe]]\ntype = \"http\"\nurl = \"http://%s/health\"\ninterval = \"1s\"\ntimeout = \"1s\"\n", l.address[name])
}

func list(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
