// Package story owns what the demo shows of healing beside restarts: a bad
// configuration that fails late and is reverted, an overload that is
// reconfigured, a recovery that waits for a person, and one that is only
// recorded.
//
// Each story has a service of its own. All share one daemon, with the
// configuration that they need, and are told one after the other, so that the
// trouble of one is not the context of another. What came of a story is a
// scenario.Line, as of a fault.
package story

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/examples/demo/scenario"
	"github.com/homeostat/homeostat/examples/harness/daemon"
	"github.com/homeostat/homeostat/examples/harness/victim"
)

const (
	// startTime bounds the start of the daemon, and that of one service.
	startTime = 2 * time.Minute
	// patience is how long something that has a limit is still waited for after
	// it, so that what is slow shows how slow it was.
	patience = 45 * time.Second
	// quiet is how long nothing may happen where nothing is to be done.
	quiet = 3 * time.Second
	// pause is the time between two looks, and so the error of what is measured.
	pause = 20 * time.Millisecond
)

// Story is one of them.
type Story struct {
	Name string
	// Shows says what happens, for a person.
	Shows string
	Limit scenario.Limit
	// server are lines of the service's settings, component those of its
	// declaration.
	server, component string
	// strategy is who has to act.
	strategy string
	tell     func(context.Context, *teller, *scenario.Line) error
}

// all are the stories, in the order in which they are told.
var all = []Story{
	{
		Name: "bad-config", Shows: "a change is kept, and fails 6 s after each start", strategy: "revert", tell: badConfig,
		Limit: scenario.Limit{Seen: 10 * time.Second, Back: 30 * time.Second, Orders: 2}, // one to apply, one to undo
	},
	{
		Name: "overload", Shows: "7 clients, 2 workers", strategy: "reconfigure", tell: overload,
		server: "workers = 2\nwork = \"200ms\"\n", component: workers,
		Limit: scenario.Limit{Seen: 10 * time.Second, Back: 30 * time.Second, Orders: 1},
	},
	{
		Name: "approval", Shows: "files leak, of high severity: a person is asked", strategy: "restart", tell: approval,
		component: "mode = \"supervised\"\n",
		Limit:     scenario.Limit{Seen: 10 * time.Second, Back: time.Minute, Orders: 1},
	},
	{
		Name: "learning", Shows: "every answer has status 500, and nothing may be done", strategy: "restart", tell: learning,
		component: "mode = \"learning\"\n",
		Limit:     scenario.Limit{Seen: 10 * time.Second},
	},
}

// workers is the parameter that an overload moves.
const workers = `
[[component.parameter]]
name = "workers"
type = "int"
min = 1
max = 16
default = 2
max_step = 4
file = %q
key = "server.workers"
`

// Choose takes the stories out of a list of names that are separated by commas,
// and returns the other names. An empty list means all.
func Choose(names string) (chosen []Story, others string) {
	if names == "" {
		return slices.Clone(all), ""
	}
	var rest []string
	for name := range strings.SplitSeq(names, ",") {
		if i := slices.IndexFunc(all, func(s Story) bool { return s.Name == name }); i >= 0 {
			chosen = append(chosen, all[i])
		} else {
			rest = append(rest, name)
		}
	}
	return chosen, strings.Join(rest, ",")
}

// Names lists all stories.
func Names() []string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	return names
}

// Options say with which programs and in which scratch folder stories are told.
type Options struct {
	Bin, Dir string
	Say      func(string)
}

// teller tells one story.
type teller struct {
	opt    Options
	daemon *daemon.Daemon
	victim *victim.Victim
}

// Tell tells the stories and returns what came of them. An error says that they
// could not even be begun.
func Tell(ctx context.Context, o Options, stories []Story) (lines []scenario.Line, err error) {
	dir := filepath.Join(o.Dir, "stories")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	var config strings.Builder
	config.WriteString(settings)
	victims := make([]*victim.Victim, len(stories))
	for i, s := range stories {
		v, err := victim.New(victim.Options{Name: s.Name, Dir: dir, Program: filepath.Join(o.Bin, "shop-store"), Server: s.server})
		if err != nil {
			return nil, err
		}
		victims[i] = v
		declare(&config, s, v)
	}
	starting, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	d, err := daemon.Start(starting, daemon.Options{Bin: o.Bin, Dir: dir, Further: config.String()})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Stop()) }()
	for i, s := range stories {
		o.Say(fmt.Sprintf("%-12s begins: %s", s.Name, s.Shows))
		t := teller{opt: o, daemon: d, victim: victims[i]}
		line := t.play(ctx, s)
		o.Say(fmt.Sprintf("%-12s %s", s.Name, ending(line)))
		lines = append(lines, line)
	}
	return lines, nil
}

func ending(l scenario.Line) string {
	if l.Repaired() {
		return "ended as it should"
	}
	return "WENT WRONG: " + strings.Join(l.Wrong, "; ")
}

// settings are what the stories need beside the harness' own configuration. Gates
// that look at the load of the machine are wide open: it is not what is shown.
const settings = `
[safety.health]
min_score = 40
cpu_max = "100%"
memory_min_available = "1%"
disk_max = "100%"

[plugins.revert]
kind = "strategy"
path = "strategy-revert"

[plugins.reconfigure]
kind = "strategy"
path = "strategy-reconfigure"

[[plugins.reconfigure.config.rules]]
kind = "threshold"
signal = "shop_requests_waiting"
parameter = "workers"
step = 4

# Requests that wait are no reason to interrupt a service: of low severity.
[[plugins.health.config.thresholds]]
component = "*"
signal = "shop_requests_waiting"
above = 2
for = "1s"
severity = "low"

[[plugins.health.config.thresholds]]
component = "approval"
signal = "process_open_fds"
above = 120
for = "1s"
severity = "high"
`

// declare writes the component of a story, and the root of its files.
func declare(b *strings.Builder, s Story, v *victim.Victim) {
	fmt.Fprintf(b, "\n[[component]]\nname = %q\ncommand = [%q, %q, %q]\non_exit = \"stop\"\nlogs = [%q]\nscrape = \"http://%s/metrics\"\n",
		s.Name, v.Command()[0], v.Command()[1], v.Command()[2], v.Log(), v.Admin)
	if strings.Contains(s.component, "%q") {
		fmt.Fprintf(b, s.component, v.SettingsFile())
	} else {
		b.WriteString(s.component)
	}
	fmt.Fprintf(b, "\n[[component.probe]]\ntype = \"http\"\nurl = %q\ninterval = \"1s\"\n", v.Health())
	fmt.Fprintf(b, "\n[[root]]\nname = %q\npath = %q\ncomponent = %[1]q\nwatch = \"2s\"\n", s.Name, v.Folder())
}
