package supervisor

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// supervisord restarts at once and never gives up.
var supervisord = Supervisor{Name: "supervisord", Needs: "supervisord", start: startSupervisord}

const supervisordHead = `[supervisord]
nodaemon=true
logfile=%[1]s/supervisord.log
pidfile=%[1]s/supervisord.pid
childlogdir=%[1]s
`

const supervisordProgram = `
[program:%s]
command=%s
autostart=true
autorestart=true
startsecs=0
startretries=1000000
stopwaitsecs=5
stdout_logfile=NONE
stderr_logfile=NONE
`

func startSupervisord(_ context.Context, t Task) (Running, error) {
	var b strings.Builder
	fmt.Fprintf(&b, supervisordHead, t.Dir)
	for _, v := range t.Victims {
		fmt.Fprintf(&b, supervisordProgram, v.Name, strings.Join(v.Command(), " "))
	}
	file := filepath.Join(t.Dir, "supervisord.conf")
	if err := write(file, b.String(), 0o600); err != nil {
		return nil, err
	}
	var f foreground
	return &f, f.run(filepath.Join(t.Dir, "supervisord.out"), "supervisord", "-c", file)
}
