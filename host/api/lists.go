package api

import "context"

// pageSize is how many items a list has when the request does not say.
const pageSize = 1000

type listIn struct {
	Component string `query:"component" maxLength:"63"`
	State     string `query:"state" maxLength:"32"`
	Incident  string `query:"incident" maxLength:"64"`
	Limit     int    `query:"limit" minimum:"0" maximum:"10000" doc:"at most this many; 0 means 1,000"`
	Offset    int    `query:"offset" minimum:"0" maximum:"1000000" doc:"leave out so many of the newest; a page with fewer items than the limit is the last"`
}

// filter asks for everything up to the end of the page.
func (in *listIn) filter() Filter {
	return Filter{Component: in.Component, State: in.State, Incident: in.Incident, Limit: in.Offset + in.size()}
}

func (in *listIn) size() int {
	if in.Limit == 0 {
		return pageSize
	}
	return in.Limit
}

// page cuts the page out of what the filter let through.
func page[T any](in *listIn, items []T) List[T] {
	items = items[min(in.Offset, len(items)):]
	return NewList(items[:min(in.size(), len(items))])
}

// list registers a filtered list, newest first.
func list[T any](s *Server, path, summary string, fn func(Filter) ([]T, error)) {
	get(s, path, summary, func(_ context.Context, in *listIn) (List[T], error) {
		items, err := fn(in.filter())
		return page(in, items), err
	})
}
