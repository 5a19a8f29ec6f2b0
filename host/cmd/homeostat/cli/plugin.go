package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
)

func pluginCommand(g *globals) *cobra.Command {
	list := reader[api.List[api.Plugin]]{g,
		func([]string) string { return api.Base + "/plugins" },
		showPlugins,
	}.attach(&cobra.Command{Use: "list", Short: "Plugins and their health", Args: cobra.NoArgs})
	cmd := group("plugin", "List, try, make and pin plugins", list)
	return cmd
}

func showPlugins(w io.Writer, l api.List[api.Plugin]) {
	now := time.Now()
	rows := make([][]string, 0, l.Count)
	for _, p := range l.Items {
		rows = append(rows, []string{p.Name, p.Kind, p.Version, p.State, ago(p.Since, now), fmt.Sprint(p.Restarts), strings.Join(p.Features, " "), orDash(p.LastError)})
	}
	table(w, []string{"plugin", "kind", "version", "state", "since", "restarts", "can", "last error"}, rows)
}
