package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/app/changes"
	"github.com/homeostat/homeostat/host/change"
	"github.com/homeostat/homeostat/host/change/candidate"
	"github.com/homeostat/homeostat/host/change/staged"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/sandbox"
	sandboxcli "github.com/homeostat/homeostat/sandbox/cli"
)

// sandboxOptions gives the sandbox command the limits, interpreters and roots
// of the configuration, and the changes of a running daemon.
func sandboxOptions(g *globals) sandboxcli.Options {
	return sandboxcli.Options{Load: func() (sandboxcli.Options, error) {
		settings, err := g.settings()
		if err != nil {
			return sandboxcli.Options{}, usageError(err)
		}
		o := sandboxcli.Options{
			Resolver:     changeResolver{g: g, settings: settings},
			Limits:       changes.Limits(settings.Sandbox),
			Interpreters: map[string]sandbox.Interpreter{},
		}
		for name, i := range settings.Sandbox.Interpreters {
			o.Interpreters[name] = sandbox.Interpreter{WASM: i.WASM, SHA256: string(i.SHA256)}
		}
		return o, nil
	}}
}

// changeResolver finds roots in the configuration and changes at the daemon.
type changeResolver struct {
	g        *globals
	settings *config.Settings
}

// Root returns a declared root with its checks.
func (r changeResolver) Root(_ context.Context, name string) (sandboxcli.Candidate, error) {
	root, err := r.root(name)
	return sandboxcli.Candidate{View: sandbox.View{Lower: root.Path, Deny: root.Deny}, Checks: root.Checks}, err
}

func (r changeResolver) root(name string) (change.Root, error) {
	roots := changes.Settings(r.settings).Roots
	if name == "" && len(roots) == 1 {
		return roots[0], nil
	}
	for _, root := range roots {
		if root.Name == name {
			return root, nil
		}
	}
	if name == "" {
		return change.Root{}, &sandbox.Refused{Reason: fmt.Sprintf("%s declares %d roots", r.settings.File, len(roots)), Hint: "say which one with --root, by name or by folder"}
	}
	return change.Root{}, &sandbox.Refused{Reason: fmt.Sprintf("%s declares no root %q", r.settings.File, name), Hint: "give the name of a [[root]], or a folder with a slash"}
}

// Change returns a recorded change as it was submitted, on the present files.
func (r changeResolver) Change(ctx context.Context, id string) (sandboxcli.Candidate, error) {
	var none sandboxcli.Candidate
	c, err := r.g.client()
	if err != nil {
		return none, err
	}
	var data json.RawMessage
	if err := c.Get(ctx, api.ModificationBase+"/changes/"+url.PathEscape(id)+"/candidate", &data); err != nil {
		return none, err
	}
	submitted, err := candidate.Parse(data)
	if err != nil {
		return none, fmt.Errorf("read change %s: %w", id, err)
	}
	root, err := r.root(submitted.Root)
	if err != nil {
		return none, err
	}
	resolved, err := submitted.Resolve(root.Path)
	if err != nil {
		return none, fmt.Errorf("see change %s on the present files: %w", id, err)
	}
	out := sandboxcli.Candidate{View: staged.View(root.Path, root.Deny, resolved), Checks: slices.Clone(root.Checks)}
	for _, check := range submitted.Checks {
		out.Checks = append(out.Checks, sandbox.Program{Module: check.Module, Name: check.Name, SHA256: check.SHA256, Args: check.Args})
	}
	for _, one := range resolved.Changes {
		out.Paths = append(out.Paths, one.Path)
	}
	return out, nil
}
