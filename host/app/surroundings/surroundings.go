// Package surroundings gathers what the host knows around an incident beside
// its anomalies: what changed lately, the end of the log, the newest readings,
// the parameters that may be moved.
//
// It owns which places belong to which component and the bounds of what is
// gathered. It keeps nothing and judges nothing. A Source is read only and may
// be used from several goroutines.
package surroundings

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/heal"
	"github.com/homeostat/homeostat/host/observe/tape"
	"github.com/homeostat/homeostat/host/recent"
	"github.com/homeostat/homeostat/sdk"
)

// Source is where it is looked. All fields are required.
type Source struct {
	Log      hclog.Logger
	Settings func() *config.Settings
	// Ledger returns the newest recorded changes, newest first.
	Ledger func() []record.Record
	// Lines returns the last log lines of a component, oldest first.
	Lines   func(component string, n int) []sdk.LogLine
	Signals func(component string) []tape.Latest
	// Parameters returns those that may be moved, with their present values.
	Parameters func(component string) ([]sdk.Parameter, []sdk.Forbidden)
	// Links returns the declared links with their circuits.
	Links func(ctx context.Context) []sdk.Link
}

// Bounds of what is told.
const (
	maxLines    = 20
	maxLine     = 1 << 10
	maxChanges  = 40
	maxReadings = 60
)

// Of gathers around an incident. What cannot be had is left out and logged.
func (s Source) Of(ctx context.Context, in sdk.Incident) heal.Surroundings {
	settings := s.Settings()
	since := in.Now.Add(-settings.Healing.LookBack)
	names := concerned(settings, in.Component)
	out := heal.Surroundings{Logs: s.tail(in.Component), Readings: s.readings(in.Component), Links: s.Links(ctx)}
	out.Parameters, out.Forbidden = s.Parameters(in.Component)
	list := s.Ledger()
	out.Changes = slices.Concat(ledger(list, names, since), s.edits(ctx, names, since, list), s.packages(since))
	slices.SortStableFunc(out.Changes, func(a, b sdk.ChangeRef) int { return b.Applied.Compare(a.Applied) })
	out.Changes = out.Changes[:min(len(out.Changes), maxChanges)]
	return out
}

// concerned lists the component and all that it depends on, itself first.
func concerned(settings *config.Settings, component string) []string {
	names := []string{component}
	for i := 0; i < len(names); i++ {
		for _, c := range settings.Components {
			if string(c.Name) != names[i] {
				continue
			}
			for _, dep := range c.DependsOn {
				if !slices.Contains(names, dep) {
					names = append(names, dep)
				}
			}
		}
	}
	return names
}

// ledger lists the recorded changes that are in force. One that was undone is
// not, and its undoing is none: undoing that would bring it back.
func ledger(list []record.Record, names []string, since time.Time) []sdk.ChangeRef {
	var refs []sdk.ChangeRef
	undone := map[string]bool{}
	for _, r := range list {
		undone[r.Undoes] = undone[r.Undoes] || applied(r)
	}
	for _, r := range list {
		if !slices.Contains(names, r.Component) || !applied(r) || r.Applied.Before(since) || undone[r.ID] || r.Undoes != "" {
			continue
		}
		ref := sdk.ChangeRef{
			ID: r.ID, Kind: sdk.ChangeRecorded, Component: r.Component, Root: r.Root, Author: r.Author, Applied: *r.Applied,
			Text: strings.TrimSpace("change " + r.ID + " " + r.Reason),
		}
		for _, p := range r.Paths {
			ref.Paths = append(ref.Paths, p.Path)
		}
		refs = append(refs, ref)
	}
	return refs
}

func applied(r record.Record) bool {
	return r.Applied != nil && (r.State == record.Kept || r.State == record.Watching)
}

// edits lists the files of the components that were changed past the pipeline:
// what a recorded change wrote is told with the change.
func (s Source) edits(ctx context.Context, names []string, since time.Time, list []record.Record) []sdk.ChangeRef {
	settings := s.Settings()
	ours := written(list)
	var refs []sdk.ChangeRef
	for _, name := range names {
		edits, whole := recent.Files(ctx, recent.Look{Paths: places(settings, name), Except: logs(settings), Since: since})
		if !whole {
			s.Log.Warn("not all files of a component were looked at for edits", "component", name)
		}
		for _, e := range edits {
			if at, known := ours[e.Path]; known && e.At.Sub(at) < sameWrite {
				continue
			}
			refs = append(refs, sdk.ChangeRef{
				Kind: sdk.ChangeFile, Component: name, Applied: e.At, Paths: []string{e.Path}, Text: filepath.Base(e.Path) + " was edited",
			})
		}
	}
	return refs
}

// written tells when the pipeline itself last touched a path, be it to apply a
// change or to take it back.
func written(list []record.Record) map[string]time.Time {
	at := map[string]time.Time{}
	for _, r := range list {
		for _, last := range []*time.Time{r.Applied, r.Ended} {
			if last == nil || r.Applied == nil {
				continue
			}
			for _, p := range r.Paths {
				if path := filepath.Join(r.RootPath, p.Path); last.After(at[path]) {
					at[path] = *last
				}
			}
		}
	}
	return at
}

// sameWrite is how long after a change was applied its files may still get a
// new inode time from the pipeline itself.
const sameWrite = 5 * time.Second

// places lists where a component's files are.
func places(settings *config.Settings, name string) []string {
	var out []string
	for _, r := range settings.Roots {
		if r.Component == name {
			out = append(out, r.Path)
		}
	}
	for _, c := range settings.Components {
		if string(c.Name) != name {
			continue
		}
		out = append(out, c.Files...)
		for _, p := range c.Parameters {
			out = append(out, p.File)
		}
		if len(c.Command) > 0 && filepath.IsAbs(c.Command[0]) {
			out = append(out, c.Command[0])
		}
		if c.Unit != "" {
			out = append(out, unitFiles(string(c.Unit))...)
		}
	}
	return out
}

// unitFiles lists where systemd looks for a unit and its drop-ins.
func unitFiles(unit string) []string {
	var out []string
	for _, dir := range []string{"/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"} {
		out = append(out, filepath.Join(dir, unit), filepath.Join(dir, unit+".d"))
	}
	return out
}

// logs lists the files that change all the time.
func logs(settings *config.Settings) []string {
	var out []string
	for _, c := range settings.Components {
		out = append(out, c.Logs...)
	}
	return out
}

func (s Source) packages(since time.Time) []sdk.ChangeRef {
	found, err := recent.Packages(s.Settings().Healing.PackageLogs, since, time.Local)
	if err != nil {
		s.Log.Warn("the package log could not be read", "error", err)
	}
	var refs []sdk.ChangeRef
	for _, p := range found {
		refs = append(refs, sdk.ChangeRef{Kind: sdk.ChangePackage, Component: sdk.HostComponent, Author: p.By, Applied: p.At, Text: p.Text})
	}
	return refs
}

func (s Source) tail(component string) []sdk.LogLine {
	lines := s.Lines(component, maxLines)
	for i, l := range lines {
		if len(l.Text) > maxLine {
			lines[i].Text, lines[i].Truncated = strings.ToValidUTF8(l.Text[:maxLine], ""), true
		}
	}
	return lines
}

func (s Source) readings(component string) []sdk.Reading {
	var out []sdk.Reading
	for _, l := range s.Signals(component) {
		if len(out) < maxReadings {
			out = append(out, sdk.Reading{Component: l.Component, Signal: l.Signal.Name, Value: l.Value, Unit: l.Signal.Unit, At: l.At})
		}
	}
	return out
}
