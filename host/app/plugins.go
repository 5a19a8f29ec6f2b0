package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/plugin"
)

// systemPlugins is where packages put plugins.
const systemPlugins = "/usr/lib/homeostat/plugins"

// maxSocketDir is the longest path that plugin.Options takes for its sockets.
const maxSocketDir = 60

// PluginDir returns the folder in which relative paths of plugins begin: the
// flag, else the settings, else "plugins" beside the running program, else the
// system's.
func PluginDir(flag string, settings *config.Settings) (string, error) {
	for _, dir := range []string{flag, settings.Plugins.Dir} {
		if dir != "" {
			return filepath.Abs(dir)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the plugins beside this program: %w", err)
	}
	beside := filepath.Join(filepath.Dir(self), "plugins")
	if _, err := os.Stat(beside); err == nil {
		return beside, nil
	}
	return systemPlugins, nil
}

// PluginSpecs returns the plugins of the settings with absolute paths; the
// folder is that of PluginDir. Plugins inside it need no checksum.
func PluginSpecs(flag string, settings *config.Settings) ([]plugin.Spec, error) {
	dir, err := PluginDir(flag, settings)
	if err != nil {
		return nil, err
	}
	var specs []plugin.Spec
	var problems []error
	for _, name := range settings.Plugins.Names() {
		spec, err := pluginSpec(dir, name, settings.Plugins)
		problems = append(problems, err)
		specs = append(specs, spec)
	}
	return specs, errors.Join(problems...)
}

func pluginSpec(dir, name string, plugins config.Plugins) (plugin.Spec, error) {
	p := plugins.Named[name]
	path := p.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return plugin.Spec{}, fmt.Errorf("plugins.%s.path: there is no program %s: build it (make plugins), correct the path, or name the folder with --plugins", name, path)
	} else if err != nil {
		return plugin.Spec{}, fmt.Errorf("plugins.%s.path: %w", name, err)
	}
	inside := strings.HasPrefix(path, dir+string(filepath.Separator))
	if !inside && p.SHA256 == "" && !plugins.AllowUnpinned {
		return plugin.Spec{}, fmt.Errorf("plugins.%s.sha256: %s lies outside of %s and is not pinned: run `homeostat plugin pin %s`, or set plugins.allow_unpinned", name, path, dir, path)
	}
	table, err := p.Config.TOML()
	if err != nil {
		return plugin.Spec{}, fmt.Errorf("plugins.%s.config: %w", name, err)
	}
	return plugin.Spec{
		Name: name, Kind: plugin.Kind(p.Kind), Path: path, SHA256: string(p.SHA256), Unpinned: p.SHA256 == "",
		OnStartError: plugin.OnStartError(p.OnStartError), StartTimeout: p.Limits.Start, CallTimeout: p.Limits.Call,
		Memory: int64(p.Limits.Memory), ConfigTOML: table,
	}, nil
}

// pluginSockets is a folder for the plugins' sockets beside the daemon's own;
// empty, which means a temporary one, where that path is too long, or where
// the unprivileged user that root's plugins run as cannot get there.
func pluginSockets(settings *config.Settings) string {
	dir := settings.Socket.Path + ".plugins"
	if len(dir) > maxSocketDir || !openToAll(filepath.Dir(dir)) {
		return ""
	}
	return dir
}

// openToAll reports whether everybody may pass through a folder and all above.
func openToAll(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}
