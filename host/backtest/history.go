package backtest

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Replay shows recorded windows of a component to a detector and writes
// time,anomaly_score,anomaly,explanation for each.
func Replay(ctx context.Context, o Options, windows []sdk.Window) error {
	out := csv.NewWriter(o.Out)
	if err := out.Write([]string{"time", ScoreColumn, AnomalyColumn, "explanation"}); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	a := &asker{detector: o.Detector, ledger: newLedger()}
	wrong, p := &problems{errs: o.Errs}, o.progress("windows")
	for _, w := range windows {
		found, err := o.Detector.Detect(ctx, w)
		cells := []string{w.End.UTC().Format(time.RFC3339), "", "", ""}
		if err != nil && !errors.Is(err, sdk.ErrNotReady) {
			wrong.tell(fmt.Errorf("window of %s: %w", cells[0], err))
			if a.blind++; a.givenUp(ctx) {
				return fmt.Errorf("window of %s: the detector cannot judge, the run ends: %w", cells[0], err)
			}
		} else {
			v := a.ledger.take(w, found)
			a.blind = 0
			cells[1], cells[2] = strconv.FormatFloat(v.score, 'f', 6, 64), map[bool]string{false: "0", true: "1"}[v.open]
			cells[3] = said(found)
		}
		if err := out.Write(cells); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		p.step(1)
	}
	out.Flush()
	p.end(a.ledger.begun, wrong)
	return out.Error()
}

// said is the explanation of the gravest anomaly of an answer.
func said(found []sdk.Anomaly) string {
	text, gravest := "", sdk.SeverityUnknown
	for _, a := range found {
		if a.Kind != sdk.AnomalyScore && a.Severity > gravest {
			text, gravest = a.Summary, a.Severity
		}
	}
	return text
}
