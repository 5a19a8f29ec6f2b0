package supervisor

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
)

// monit with a cycle of one second, where Debian's default is two minutes, two
// failures before it acts, and a stop script that ends in SIGKILL.
var monit = Supervisor{Name: "monit", Needs: "monit", Notices: true, start: startMonit}

const monitHead = `set daemon 1
set pidfile %[1]s/monit.pid
set idfile %[1]s/monit.id
set statefile %[1]s/monit.state
`

const monitCheck = `
check process %[1]s with pidfile %[5]s
  start program = "/bin/sh %[6]s" with timeout 10 seconds
  stop program = "/bin/sh %[2]s/stop.sh" with timeout 10 seconds
  if failed host %[3]s port %[4]s protocol http request "/health" with timeout 1 seconds for 2 cycles then restart
`

// A stopped process takes no SIGTERM before it is continued.
const monitStop = `pid=$(cat %s)
kill -TERM $pid; kill -CONT $pid
for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 $pid 2>/dev/null || exit 0; sleep 0.1; done
kill -KILL $pid
`

func startMonit(_ context.Context, t Task) (Running, error) {
	var rules strings.Builder
	fmt.Fprintf(&rules, monitHead, t.Dir)
	for _, v := range t.Victims {
		host, port, err := net.SplitHostPort(v.Public)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&rules, monitCheck, v.Name, v.Folder(), host, port, v.Pidfile(), v.StartScript())
		stop := fmt.Sprintf(monitStop, v.Pidfile())
		if err := write(filepath.Join(v.Folder(), "stop.sh"), stop, 0o600); err != nil {
			return nil, err
		}
	}
	file := filepath.Join(t.Dir, "monitrc")
	if err := write(file, rules.String(), 0o600); err != nil {
		return nil, err
	}
	var f foreground
	return &f, f.run(filepath.Join(t.Dir, "monit.log"), "monit", "-I", "-c", file)
}
