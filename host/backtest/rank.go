package backtest

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/homeostat/homeostat/sdk"
)

// suspectKind is the kind of the anomalies of a ranking.
const suspectKind = "suspect"

// Rank compares a table during a fault with one of usual behavior and writes
// rank,component,suspicion,signal,explanation, the likeliest cause first. A
// column belongs to the component before its first "/" or "_". Links are who
// calls whom.
func Rank(ctx context.Context, o Options, normal, abnormal Input, links []sdk.Link) error {
	wrong := &problems{errs: o.Errs}
	usual, err := columns(normal, o.Form, wrong)
	if err != nil {
		return err
	}
	fault, err := columns(abnormal, o.Form, wrong)
	if err != nil {
		return err
	}
	if err := comparable(normal.Name, usual, fault); err != nil {
		return err
	}
	usual.Links, fault.Links = links, links
	if err := o.Detector.Train(ctx, []sdk.Window{usual}); err != nil {
		return fmt.Errorf("show %s to the detector: %w", normal.Name, err)
	}
	found, err := o.Detector.Detect(ctx, fault)
	if err != nil {
		return fmt.Errorf("rank the components of %s: %w", abnormal.Name, err)
	}
	found = slices.DeleteFunc(found, func(a sdk.Anomaly) bool { return a.Kind != suspectKind })
	if len(found) == 0 {
		return errors.New("the detector ranks no components; behavior does")
	}
	return writeRanking(o.Out, found)
}

func writeRanking(w io.Writer, found []sdk.Anomaly) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"rank", "component", "suspicion", "signal", "explanation"}}
	for i, a := range found {
		rows = append(rows, []string{strconv.Itoa(i + 1), a.Component, strconv.FormatFloat(a.Score, 'f', 6, 64), a.Signal, a.Summary})
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write the ranking: %w", err)
	}
	return nil
}

// comparable wants at least one column that both tables have.
func comparable(name string, usual, fault sdk.Window) error {
	known := map[string]bool{}
	for _, s := range usual.Series {
		known[s.Component+"/"+s.Name] = true
	}
	if !slices.ContainsFunc(fault.Series, func(s sdk.Series) bool { return known[s.Component+"/"+s.Name] }) {
		return fmt.Errorf("%s, line 1: no column of it is in the input: there is nothing to compare", name)
	}
	return nil
}

// columns reads a whole table as one window with the components of its columns.
func columns(in Input, form Form, wrong *problems) (sdk.Window, error) {
	t, err := openTable(in.Name, in, form)
	if err != nil {
		return sdk.Window{}, err
	}
	w := sdk.Window{Component: sdk.HostComponent, Reason: sdk.ReasonHistory}
	for _, i := range t.signals() {
		component, name := splitColumn(t.names[i])
		w.Series = append(w.Series, sdk.Series{Component: component, Name: name, Kind: sdk.Gauge})
	}
	for {
		r, err := t.next()
		var bad *rowError
		switch {
		case errors.Is(err, io.EOF):
			return w, nil
		case errors.As(err, &bad):
			wrong.tell(bad)
		case err != nil:
			return w, err
		}
		if r.time.IsZero() {
			continue
		}
		if w.Start.IsZero() {
			w.Start = r.time
		}
		w.End = r.time
		for i, v := range r.values {
			if s := &w.Series[i]; !math.IsNaN(v) {
				s.Times, s.Values = append(s.Times, r.time.UnixMilli()), append(s.Values, v)
			}
		}
	}
}

func splitColumn(column string) (component, name string) {
	if at := strings.IndexAny(column, "/_"); at > 0 && at < len(column)-1 {
		return column[:at], column[at+1:]
	}
	return column, "value"
}
