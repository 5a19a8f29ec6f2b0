package config

import (
	"path/filepath"
	"strings"
)

// resolve makes paths absolute and fills the defaults that depend on the host or on other keys.
func (s *Settings) resolve(host Host) {
	folder := filepath.Dir(s.File)
	s.State.Dir = within(folder, orElse(s.State.Dir, host.stateDir(folder)))
	s.Socket.Path = within(folder, orElse(s.Socket.Path, host.socketPath(s.State.Dir)))
	for _, path := range []*string{&s.Dashboard.TLSCert, &s.Dashboard.TLSKey, &s.Notify.SecretFile, &s.Plugins.Dir} {
		*path = within(folder, *path)
	}
	if s.Healing.PackageLogs == nil {
		s.Healing.PackageLogs = []string{"/var/log/dpkg.log", "/var/log/apt/history.log"}
	}
	for i := range s.Healing.PackageLogs {
		s.Healing.PackageLogs[i] = within(folder, s.Healing.PackageLogs[i])
	}
	if s.Alerts.Down == nil {
		s.Alerts.Down = []string{"*Down", "*Unreachable", "*ProbeFailed", "*TargetMissing", "*NotRunning", "*Crashed"}
	}
	if s.Alerts.Labels == nil {
		s.Alerts.Labels = []string{"component", "job", "instance"}
	}
	s.Generator.Command = argv(folder, s.Generator.Command)
	for i := range s.Components {
		s.Components[i].resolve(folder)
	}
	for i := range s.Links {
		l := &s.Links[i]
		l.OpenCommand, l.CloseCommand = argv(folder, l.OpenCommand), argv(folder, l.CloseCommand)
	}
	for i := range s.Roots {
		s.Roots[i].resolve(folder)
	}
	for name, interpreter := range s.Sandbox.Interpreters {
		interpreter.WASM = within(folder, interpreter.WASM)
		s.Sandbox.Interpreters[name] = interpreter
	}
}

func (c *Component) resolve(folder string) {
	c.Dir = within(folder, c.Dir)
	c.Pidfile = within(c.Dir, c.Pidfile)
	c.Model.Module = within(folder, c.Model.Module)
	for i := range c.Logs {
		c.Logs[i] = within(c.Dir, c.Logs[i])
	}
	for i := range c.Files {
		c.Files[i] = within(c.Dir, c.Files[i])
	}
	for _, command := range []*[]string{&c.Command, &c.StartCommand, &c.StopCommand, &c.RestartCommand, &c.ReloadCommand} {
		*command = argv(c.Dir, *command)
	}
	for name, declared := range c.Declared {
		declared.Command, declared.Undo = argv(c.Dir, declared.Command), argv(c.Dir, declared.Undo)
		c.Declared[name] = declared
	}
	for i := range c.Probes {
		p := &c.Probes[i]
		p.Name = orElse(p.Name, string(p.Type))
		p.Path, p.Command = within(c.Dir, p.Path), argv(c.Dir, p.Command)
	}
	for i := range c.Parameters {
		c.Parameters[i].File = within(c.Dir, c.Parameters[i].File)
	}
}

func (r *Root) resolve(folder string) {
	r.Path = within(folder, r.Path)
	if r.Activate == "" {
		r.Activate = ActivateNone
		if r.Component != "" {
			r.Activate = ActivateRestart
		}
	}
	for i, command := range r.Validate {
		if len(command) > 0 && !strings.HasPrefix(command[0], "{") { // a program of the candidate itself stays where that is
			r.Validate[i] = argv(folder, command)
		}
	}
	for i := range r.Checks {
		r.Checks[i].Module = within(folder, r.Checks[i].Module)
	}
}

// within makes path absolute by putting it into folder; an empty path stays empty.
func within(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// argv puts a program with a slash in its name into folder; one without is looked up in PATH by who runs it.
func argv(folder string, command []string) []string {
	if len(command) > 0 && strings.Contains(command[0], "/") {
		command[0] = within(folder, command[0])
	}
	return command
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
