// Package translate turns the values of one room of the host into those of
// another: settings into what components, healing and plugins are made of, and
// what happens to components into what plugins see.
//
// It decides nothing and keeps nothing; all functions are pure.
package translate

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/component/probe"
	"github.com/homeostat/homeostat/host/component/process"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/sdk"
)

// Components returns what component.Set is to hold.
func Components(settings *config.Settings) []component.Spec {
	specs := make([]component.Spec, 0, len(settings.Components))
	for _, c := range settings.Components {
		specs = append(specs, component.Spec{
			Name:         string(c.Name),
			Kind:         component.Kind(c.Kind),
			Command:      c.Command,
			Dir:          c.Dir,
			Env:          c.Env,
			User:         c.User,
			DependsOn:    c.DependsOn,
			Logs:         c.Logs,
			StartTimeout: c.StartTimeout,
			StopTimeout:  c.StopTimeout,
			OnExit:       component.OnExit(c.OnExit),
			Commands:     component.Commands{Start: c.StartCommand, Stop: c.StopCommand, Restart: c.RestartCommand, Reload: c.ReloadCommand},
			Probes:       probes(c),
			Pidfile:      c.Pidfile,
			Match:        string(c.Match),
			Unit:         string(c.Unit),
		})
	}
	return specs
}

func probes(c config.Component) []probe.Spec {
	specs := make([]probe.Spec, 0, len(c.Probes))
	for _, p := range c.Probes {
		specs = append(specs, probe.Spec{
			Name:         p.Name,
			Kind:         probe.Kind(p.Type),
			URL:          string(p.URL),
			StatusMin:    p.Status.From,
			StatusMax:    p.Status.To,
			BodyContains: p.Body,
			LatencyMax:   p.MaxLatency,
			Address:      string(p.Address),
			Path:         p.Path,
			Command:      p.Command,
			Dir:          c.Dir,
			Interval:     p.Interval,
			Timeout:      p.Timeout,
		})
	}
	return specs
}

// Links returns the declared connections: depends_on and [[link]].
func Links(settings *config.Settings) []sdk.Link {
	var links []sdk.Link
	for _, c := range settings.Components {
		for _, to := range c.DependsOn {
			links = append(links, sdk.Link{From: string(c.Name), To: to, Depends: true})
		}
	}
	for _, l := range settings.Links {
		links = append(links, sdk.Link{From: l.From, To: l.To})
	}
	return links
}

var eventTypes = map[component.EventType]sdk.EventType{
	component.Started:      sdk.EventStarted,
	component.Adopted:      sdk.EventAdopted,
	component.StartFailed:  sdk.EventExited,
	component.Ready:        sdk.EventReady,
	component.Exited:       sdk.EventExited,
	component.Probed:       sdk.EventProbe,
	component.Stopping:     sdk.EventStopping,
	component.Stopped:      sdk.EventStopped,
	component.CouldNotStop: sdk.EventCouldNotStop,
	component.Reloaded:     sdk.EventAction,
}

// Event returns what plugins see of a component's event. A start that failed
// is an exit to them: the process is wanted and not there.
func Event(e component.Event) sdk.Event {
	out := sdk.Event{
		Time: e.Time, Component: e.Component, Type: eventTypes[e.Type],
		Generation: uint64(max(e.Generation, 0)), PID: e.PID, Text: e.Text,
	}
	if e.Type == component.StartFailed {
		out.Exit = &sdk.Exit{Code: -1}
	}
	if e.Exit != nil {
		exit := Exit(*e.Exit)
		exit.Expected = e.Type == component.Stopped
		out.Exit = &exit
	}
	if e.Probe != nil {
		out.Probe = &sdk.ProbeResult{
			Name: e.Probe.Probe, Verdict: Verdict(e.Probe.Verdict), Latency: e.Probe.Outcome.Latency,
			Text: e.Probe.Outcome.Text, Since: e.Probe.At,
		}
	}
	return out
}

// Exit returns how a process ended, as plugins see it.
func Exit(e process.Exit) sdk.Exit {
	out := sdk.Exit{Code: e.Code}
	if !e.Known {
		out.Code = -1
	}
	if e.Signal != 0 {
		out.Code, out.Signal = -1, unix.SignalName(syscall.Signal(e.Signal))
	}
	return out
}

// Verdict returns a probe's verdict as plugins see it.
func Verdict(v probe.Verdict) sdk.Verdict {
	switch v {
	case probe.Pass:
		return sdk.Pass
	case probe.Fail:
		return sdk.Fail
	default:
		return sdk.Inconclusive
	}
}

// Status returns a component's state as plugins see it.
func Status(s component.Status) sdk.ComponentStatus {
	out := sdk.ComponentStatus{
		Name: s.Name, Kind: string(s.Kind), State: state(s), Since: since(s), PID: s.PID,
		Generation: uint64(max(s.Generation, 0)), Starts: s.Starts,
	}
	if len(s.Starts) > 0 && s.Generation == len(s.Starts) {
		out.Starts = s.Starts[1:] // the very first start repaired nothing
	}
	if s.LastExit != nil {
		exit := Exit(*s.LastExit)
		out.LastExit = &exit
	}
	for _, p := range s.Probes {
		out.Probes = append(out.Probes, sdk.ProbeResult{
			Name: p.Name, Verdict: Verdict(p.Verdict), Latency: p.Latency, Text: p.Text, Since: p.Since,
		})
	}
	return out
}

// state joins the state of the process with the verdict of its probes.
func state(s component.Status) sdk.ComponentState {
	switch s.State {
	case component.IsUp:
		if s.Verdict == probe.Fail {
			return sdk.StateFailing
		}
		return sdk.StateUp
	case component.IsStarting:
		return sdk.StateStarting
	case component.IsStopped:
		return sdk.StateStopped
	case component.IsDown:
		return sdk.StateDown
	case component.IsStopping:
		return sdk.StateStopping
	case component.CannotStop:
		return sdk.StateCouldNotStop
	}
	return sdk.StateUnknown
}
