package app

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/app/listen"
	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/proxy"
)

type listener struct {
	net.Listener
	certificate *tls.Certificate
}

// listen opens the socket and, where wanted, the TCP address.
func (a *App) listen() ([]listener, error) {
	socket := a.settings.Socket
	l, err := listen.Unix(socket.Path, socket.Group)
	if err != nil {
		return nil, err
	}
	list := []listener{{Listener: l}}
	d := a.settings.Dashboard
	if !d.Enabled {
		return list, nil
	}
	certificate, err := listen.Certificate(d.TLSCert, d.TLSKey)
	if err == nil {
		l, err = listen.TCP(string(d.Listen))
	}
	if err != nil {
		list[0].Close()
		return nil, err
	}
	return append(list, listener{l, certificate}), nil
}

// tellAudit logs what opening the audit log has found, and its last record:
// whoever keeps the daemon's log elsewhere can hold the audit log to it.
func (a *App) tellAudit() {
	for _, f := range a.audit.Findings() {
		a.log.Warn("audit log was not as it was left", "file", f.File, "finding", f.Text)
	}
	head := a.audit.Head()
	a.log.Info("audit log is open", "seq", head.Seq, "hash", head.Hash)
}

// ready tells systemd and the person at the terminal that the daemon works.
func (a *App) ready() {
	token := a.firstToken() // whoever waits for "ready" may look for it at once
	a.setNotReady(nil)
	if err := a.opt.Guard.Ready(); err != nil {
		a.log.Warn("the guard was not told that the daemon is ready", "error", err)
	}
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		a.log.Warn("systemd was not told that the daemon is ready", "error", err)
	}
	s := a.settings
	a.opt.Say(fmt.Sprintf("homeostat %s watches %d components in mode %s; stop it with Ctrl-C", a.opt.Version, len(s.Components), a.healer.Mode()))
	a.opt.Say("  socket  " + s.Socket.Path)
	if s.Dashboard.Enabled {
		a.opt.Say("  page    " + a.url() + "  (sign in with a token)")
	}
	if token != "" {
		a.opt.Say("  token   " + token + "  (role admin; only you can read it)")
	}
	a.opt.Say("  next    homeostat status --watch")
}

func (a *App) url() string {
	scheme := "http://"
	if a.settings.Dashboard.TLSCert != "" {
		scheme = "https://"
	}
	return scheme + string(a.settings.Dashboard.Listen)
}

// firstToken makes a token at the first start of all, and returns the path of the
// file that holds it; otherwise it returns an empty one.
func (a *App) firstToken() string {
	if !a.state.Fresh() {
		return ""
	}
	path := a.state.Path("admin-token")
	text, _, err := a.tokens.Create("first run", api.RoleAdmin.String(), time.Now(), 0)
	if err == nil {
		err = atomicfile.WriteFile(path, []byte(text+"\n"), 0o600)
	}
	if err != nil {
		a.log.Warn("no admin token was made, make one with `homeostat token create`", "error", err)
		return ""
	}
	return path
}

func (a *App) goodbye() {
	if _, err := daemon.SdNotify(false, daemon.SdNotifyStopping); err != nil {
		a.log.Debug("systemd was not told that the daemon stops", "error", err)
	}
	if err := a.opt.Guard.Stopping(); err != nil {
		a.log.Debug("the guard was not told that the daemon stops", "error", err)
	}
	a.opt.Say("stopping; components that are to stay run on")
	if err := a.record("daemon", "stopped", map[string]any{"pid": os.Getpid()}); err != nil {
		a.log.Warn("the end of the daemon is not in the audit log", "error", err)
	}
}

func (a *App) tellLeft(left []component.Status, proxies []proxy.State) {
	if len(left)+len(proxies) == 0 {
		a.opt.Say("stopped; nothing was left running")
		return
	}
	var names []string
	for _, s := range left {
		names = append(names, fmt.Sprintf("%s (pid %d)", s.Name, s.PID))
	}
	for _, s := range proxies {
		names = append(names, fmt.Sprintf("the proxy of %s (pid %d)", s.Spec.Name(), s.Status.PID))
	}
	a.opt.Say("stopped; left running: " + strings.Join(names, ", ") + "; the next start takes them over")
}
