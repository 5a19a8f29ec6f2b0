package daemon

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/homeostat/homeostat/examples/harness/victim"
)

// head is the part of the configuration that is the same for every trial: what
// the config.toml in the root of the project says, without its addresses.
const head = `
[dashboard]
enabled = false

[plugins.health]
kind = "detector"
path = "detector-health"

[[plugins.health.config.thresholds]]
component = "*"
signal = "log_errors_per_second"
above = 5
for = "2s"
severity = "medium"

[[plugins.health.config.thresholds]]
component = "*"
signal = "rss_bytes"
above = 268435456
for = "2s"
severity = "medium"

[[plugins.health.config.thresholds]]
component = "*"
signal = "fds"
above = 500
for = "2s"
severity = "medium"

[plugins.health.config.spin]
severity = "medium"

[plugins.restart]
kind = "strategy"
path = "strategy-restart"

[plugins.isolate]
kind = "strategy"
path = "strategy-isolate"
`

// healing begins the file, for more keys of the table may follow.
const healing = `[healing]
mode = "automated"
detection_interval = "1s"
`

// configuration is the whole file. Paths in it are absolute.
func configuration(o Options) string {
	if o.Config != "" {
		return o.Config
	}
	var b strings.Builder
	b.WriteString(healing + o.Healing + head)
	fmt.Fprintf(&b, "\n[state]\ndir = %q\n", filepath.Join(o.Dir, "state"))
	fmt.Fprintf(&b, "\n[socket]\npath = %q\n", filepath.Join(o.Dir, "homeostat.sock"))
	for _, v := range o.Victims {
		component(&b, v)
	}
	b.WriteString(o.Further)
	return b.String()
}

func component(b *strings.Builder, v *victim.Victim) {
	fmt.Fprintf(b, "\n[[component]]\nname = %q\nlogs = [%q]\n", v.Name, v.Log())
	if v.Adopted {
		fmt.Fprintf(b, "kind = \"pidfile\"\npidfile = %q\nstart_command = %s\n", v.Pidfile(), list([]string{"/bin/sh", v.StartScript()}))
	} else {
		fmt.Fprintf(b, "command = %s\non_exit = \"stop\"\n", list(v.Command()))
	}
	fmt.Fprintf(b, "scrape = \"http://%s/metrics\"\n", v.Admin)
	if v.Store != nil && !v.Linked {
		fmt.Fprintf(b, "depends_on = [%q]\n", v.Store.Name)
	}
	probe(b, v)
	if v.Linked {
		fmt.Fprintf(b, linkForm, v.Name, v.Store.Name, v.Through, v.Store.Public)
	}
}

func probe(b *strings.Builder, v *victim.Victim) {
	if v.Shallow {
		fmt.Fprintf(b, "\n[[component.probe]]\ntype = \"tcp\"\naddress = %q\ninterval = \"1s\"\n", v.Public)
		return
	}
	fmt.Fprintf(b, "\n[[component.probe]]\ntype = \"http\"\nurl = %q\ninterval = \"1s\"\n", v.Health())
	if v.Linked {
		b.WriteString("max_latency = \"500ms\"\n")
	}
}

// linkForm is a link with bounds for a demonstration: from, to, listen, target.
const linkForm = `
[[link]]
from = %q
to = %q
listen = %q
target = %q
type = "http"
max_latency = "300ms"
retry = "2s"
drain = "500ms"
on_exit = "stop"
`

func list(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
