package worker

import (
	"context"
	"path/filepath"
	"runtime/debug"

	"github.com/homeostat/homeostat/sandbox/internal/wire"
)

// compileOnly leaves two pieces of native code in the job's folder: that of the
// module, and that of its husk, which takes no time and teaches the parent by
// what name wazero will look for the code when it is given the husk.
func (g *guest) compileOnly(ctx context.Context) wire.End {
	husk, err := g.opened.Blob(g.job.Husk)
	if err != nil {
		return broken(err)
	}
	m, err := g.machine(ctx, source{g.module, filepath.Join(g.job.CacheDir, wire.ModuleFolder)})
	if err != nil {
		return invalid("%s", firstLines(err.Error(), 1))
	}
	if why := unknownImport(m.compiled); why != "" {
		return invalid("%s", why)
	}
	// A million functions are 100 MB of tables here; they go before the next are made.
	if err := m.runtime.Close(ctx); err != nil {
		return broken(err)
	}
	g.module = nil
	debug.FreeOSMemory()
	if _, err := g.machine(ctx, source{husk, filepath.Join(g.job.CacheDir, wire.HuskFolder)}); err != nil {
		return broken(err)
	}
	return wire.End{Reason: wire.Compiled}
}
