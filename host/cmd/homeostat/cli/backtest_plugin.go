package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/app"
	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/backtest"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/plugin"
	"github.com/homeostat/homeostat/sdk"
)

// The limits of a plugin under test: it may take longer than under the daemon,
// which has other work to do meanwhile.
const (
	testCall  = 30 * time.Second
	testStart = 30 * time.Second
	testEnd   = 15 * time.Second
)

// tested is a detector plugin that runs for a backtest, with nothing but what the
// daemon gives it.
type tested struct {
	host     *plugin.Host
	detector plugin.Detector
	dir      string
}

// start starts the plugin in a host of its own, with empty state.
func (f *backtestFlags) start(ctx context.Context, settings *config.Settings) (*tested, error) {
	spec, err := f.spec(settings)
	if err != nil {
		return nil, usageError(err)
	}
	dir, err := os.MkdirTemp("", "homeostat-backtest-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the plugin: %w", err)
	}
	t := &tested{dir: dir}
	log := hclog.New(&hclog.LoggerOptions{Name: "homeostat", Level: hclog.Warn, Output: os.Stderr})
	t.host, err = plugin.New(plugin.Options{
		StateDir: dir, WriteFile: atomicfile.WriteFile, Log: log, Sink: func(sdk.Event) {}, Specs: []plugin.Spec{spec},
	})
	if err == nil {
		err = t.host.Start(ctx)
	}
	if err == nil && len(t.host.Detectors()) != 1 {
		err = fmt.Errorf("plugin %s is no detector", f.plugin)
	}
	if err != nil {
		t.close()
		var wrong *plugin.ConfigError
		if errors.As(err, &wrong) {
			return nil, usageError(err)
		}
		return nil, err
	}
	t.detector = t.host.Detectors()[0]
	return t, nil
}

func (t *tested) close() {
	ctx, cancel := context.WithTimeout(context.Background(), testEnd)
	defer cancel()
	if t.host != nil {
		_ = t.host.Close(ctx) // its state is thrown away
	}
	os.RemoveAll(t.dir)
}

func (t *tested) lookBack() time.Duration { return t.detector.LookBack() }

// Detect passes a window on.
func (t *tested) Detect(ctx context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	return t.detector.Detect(ctx, w)
}

// Train passes windows on.
func (t *tested) Train(ctx context.Context, history []sdk.Window) error {
	err := t.detector.Train(ctx, history)
	if errors.Is(err, plugin.ErrUnsupported) {
		return backtest.ErrUntrained
	}
	return err
}

// spec finds the plugin: one of the configuration with its settings, or a program
// of the plugin folder, or a path.
func (f *backtestFlags) spec(settings *config.Settings) (plugin.Spec, error) {
	spec := plugin.Spec{
		Name: "backtest", Kind: plugin.KindDetector, Unpinned: true, OnStartError: plugin.Fail, StartTimeout: testStart, CallTimeout: testCall,
	}
	dir, err := app.PluginDir(f.plugins, settings)
	if err != nil {
		return spec, err
	}
	var table []byte
	candidates := []string{filepath.Join(dir, f.plugin), filepath.Join(dir, "detector-"+f.plugin)}
	if p, configured := settings.Plugins.Named[f.plugin]; configured {
		path := p.Path
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		candidates, spec.Memory, spec.SHA256 = []string{path}, int64(p.Limits.Memory), string(p.SHA256)
		if table, err = p.Config.TOML(); err != nil {
			return spec, fmt.Errorf("plugins.%s.config: %w", f.plugin, err)
		}
	} else if strings.Contains(f.plugin, "/") {
		path, err := filepath.Abs(f.plugin)
		if err != nil {
			return spec, fmt.Errorf("find the plugin: %w", err)
		}
		candidates = []string{path}
	}
	for _, path := range candidates {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			spec.Path = path
			spec.ConfigTOML, err = f.settingsOf(table)
			return spec, err
		}
	}
	return spec, fmt.Errorf("--plugin %s: there is no program %s: build it (make plugins), give its path, or name the folder with --plugins", f.plugin, strings.Join(candidates, " or "))
}

// settingsOf puts the settings of the command line over those of the
// configuration. A value that is no TOML is a text.
func (f *backtestFlags) settingsOf(table []byte) ([]byte, error) {
	merged := map[string]any{}
	if _, err := toml.Decode(string(table), &merged); err != nil {
		return nil, fmt.Errorf("read the settings of plugin %s: %w", f.plugin, err)
	}
	sets := f.sets
	if f.rank {
		sets = append(sets, "rank=true")
	}
	for _, set := range sets {
		key, value, found := strings.Cut(set, "=")
		if !found || key == "" {
			return nil, fmt.Errorf("--set %q: want key=value", set)
		}
		one := map[string]any{}
		if _, err := toml.Decode(key+" = "+value, &one); err != nil {
			one = map[string]any{}
			if _, err := toml.Decode(fmt.Sprintf("%s = %q", key, value), &one); err != nil {
				return nil, fmt.Errorf("--set %q: %q is no key: want letters, digits, _ and dots between tables", set, key)
			}
		}
		merge(merged, one)
	}
	var out bytes.Buffer
	if err := toml.NewEncoder(&out).Encode(merged); err != nil {
		return nil, fmt.Errorf("write the settings of plugin %s: %w", f.plugin, err)
	}
	return out.Bytes(), nil
}

// merge puts one table over another, table by table.
func merge(into, over map[string]any) {
	for key, value := range over {
		below, isTable := value.(map[string]any)
		old, wasTable := into[key].(map[string]any)
		if isTable && wasTable {
			merge(old, below)
			continue
		}
		into[key] = value
	}
}
