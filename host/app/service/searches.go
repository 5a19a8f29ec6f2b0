package service

import (
	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/evolve"
)

// Searches is api.Searches.
type Searches struct{ Searcher *evolve.Searcher }

// Searches lists what is known of the searches.
func (s Searches) Searches() []api.Search { return convert(s.Searcher.Statuses(), searchView) }

func searchView(st evolve.Status) api.Search {
	view := api.Search{
		Component: st.Component, State: string(st.State), Why: st.Why, Round: st.Round, Spent: st.Spent, Budget: st.Budget,
		Failed: st.Failed, Refused: st.Refused, Begun: st.Begun, Ended: st.Ended, Hours: len(st.Hours), Replay: st.Replay,
	}
	if !st.Tested {
		return view
	}
	view.Default, view.Best, view.BestValues = &st.Default, &st.Best, map[string]any{}
	for name, v := range st.BestValues {
		view.BestValues[name] = v.Number
		if v.Choice != "" {
			view.BestValues[name] = v.Choice
		}
	}
	return view
}
