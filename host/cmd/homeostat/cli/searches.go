package cli

import (
	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/cmd/homeostat/cli/searches"
)

func searchesCommand(g *globals) *cobra.Command {
	return reader[api.List[api.Search]]{g, func([]string) string { return api.Base + "/searches" }, searches.Show}.attach(&cobra.Command{
		Use: "searches", Short: "How far the search for better parameters is", Args: cobra.NoArgs,
		Long: `Components with a model are searched for better parameters while no incident is
open. Nothing is applied by a search: in an incident the strategy proposes one of
the settings that it found, and live outcomes decide which are worth it.

  homeostat component searches
  homeostat component searches --json`,
	})
}
