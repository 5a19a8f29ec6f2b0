package supervisor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// runit needs no settings: a run script a service, and a runsv for each.
var runit = Supervisor{Name: "runit", Needs: "runsv", start: startRunit}

func startRunit(_ context.Context, t Task) (Running, error) {
	var f foreground
	for _, v := range t.Victims {
		folder := filepath.Join(t.Dir, "runit", v.Name)
		run := fmt.Sprintf("#!/bin/sh\nexec %s >/dev/null 2>&1\n", strings.Join(v.Command(), " "))
		if err := write(filepath.Join(folder, "run"), run, 0o700); err != nil {
			return nil, errors.Join(err, f.Stop())
		}
		if err := f.run(filepath.Join(t.Dir, "runit.log"), "runsv", folder); err != nil {
			return nil, errors.Join(err, f.Stop())
		}
	}
	return &f, nil
}
