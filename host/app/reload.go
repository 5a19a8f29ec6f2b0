package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/homeostat/homeostat/host/app/announce"
	"github.com/homeostat/homeostat/host/app/changes"
	"github.com/homeostat/homeostat/host/app/links"
	"github.com/homeostat/homeostat/host/app/translate"
	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/heal"
	"github.com/homeostat/homeostat/host/health"
)

// Reload reads the settings again and puts them in force, all or nothing: with
// an error the ones before hold, and status says why. State folder, socket and
// listen address are fixed for the life of a daemon.
func (a *App) Reload(ctx context.Context) error {
	a.reloads.Lock()
	defer a.reloads.Unlock()
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReloading); err != nil {
		a.log.Debug("systemd was not told of the reload", "error", err)
	}
	next, err := a.opt.Read()
	if err == nil {
		err = a.apply(ctx, next)
	}
	a.mu.Lock()
	a.configError = ""
	if err != nil {
		a.configError = err.Error()
	}
	a.mu.Unlock()
	if _, notifyErr := daemon.SdNotify(false, daemon.SdNotifyReady); notifyErr != nil {
		a.log.Debug("systemd was not told of the end of the reload", "error", notifyErr)
	}
	if err != nil {
		a.log.Error("reload refused, the settings before it stay in force", "error", err)
		return err
	}
	a.warn(next)
	a.log.Info("settings reloaded", "components", len(next.Components), "plugins", len(next.Plugins.Named))
	return a.record("daemon", "reloaded", map[string]any{"config": next.File})
}

// apply checks everything that can be refused before it changes anything.
func (a *App) apply(ctx context.Context, next *config.Settings) error {
	old := a.current()
	if err := fixed(old, next); err != nil {
		return err
	}
	specs, err := PluginSpecs(a.opt.PluginDir, next)
	if err != nil {
		return err
	}
	if err := component.Check(translate.Components(next)); err != nil {
		return err
	}
	receiver, err := announce.Receiver(next, a.links, a.opt.Version)
	if err != nil {
		return err
	}
	if err := a.limit(next.Safety); err != nil {
		return err
	}
	if err := a.plugins.Apply(ctx, specs); err != nil {
		return errors.Join(err, a.limit(old.Safety))
	}
	a.notifier.Configure(receiver)
	a.mu.Lock()
	a.settings = next
	a.mu.Unlock()
	if err := a.healer.Reload(healSettings(next), heal.Promotion(next.Healing.Promotion)); err != nil {
		return err
	}
	if err := a.proxies.Apply(links.Wanted(next)); err != nil {
		return err
	}
	if err := a.set.Apply(ctx, translate.Components(next)); err != nil {
		return err
	}
	a.observe(next)
	return a.feed(next)
}

// limit puts the limits of changes and of the host's health in force, all or none. What was counted stays counted. The
// limits of the screen are read at each change.
func (a *App) limit(s config.Safety) error {
	monitor, err := health.Restore(changes.HealthConfig(s.Health), a.monitor.Load().Snapshot())
	if err != nil {
		return fmt.Errorf("take up the limits of health: %w", err)
	}
	gates := changes.GateConfig(s)
	if err := a.pipeline.Gate().Configure(gates.Breaker, gates.Rate); err != nil {
		return fmt.Errorf("take up the limits of changes: %w", err)
	}
	a.monitor.Store(monitor)
	return nil
}

// warn says what in the settings may not be what was meant.
func (a *App) warn(settings *config.Settings) {
	for _, p := range settings.Warnings {
		a.log.Warn("the configuration holds something that may not be meant so", "file", settings.File, "line", p.Line, "what", p.String())
	}
}

// fixed refuses changes that only a new daemon can take up.
func fixed(old, next *config.Settings) error {
	if old.State.Dir != next.State.Dir {
		return fmt.Errorf("reload: state.dir was %q and is now %q: stop the daemon, move the folder, and start it again", old.State.Dir, next.State.Dir)
	}
	for _, key := range []struct{ name, old, next string }{
		{"socket.path", old.Socket.Path, next.Socket.Path},
		{"dashboard.listen", string(old.Dashboard.Listen), string(next.Dashboard.Listen)},
	} {
		if key.old != key.next {
			return fmt.Errorf("reload: %s was %q and is now %q: %w: stop it and start it again", key.name, key.old, key.next, errNewDaemon)
		}
	}
	return nil
}

func (a *App) current() *config.Settings {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.settings
}
