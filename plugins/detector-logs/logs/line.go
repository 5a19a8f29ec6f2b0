package logs

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-logs/burst"
	"github.com/homeostat/homeostat/plugins/detector-logs/record"
	"github.com/homeostat/homeostat/plugins/detector-logs/signature"
	"github.com/homeostat/homeostat/plugins/detector-logs/template"
	"github.com/homeostat/homeostat/sdk"
)

// The kinds of anomalies that this detector reports.
const (
	KindSignature = "log_signature"    // a line that means trouble in any case
	KindNew       = "log_new"          // a statement that was never seen
	KindRate      = "log_rate"         // far more lines than usual, or none
	KindLength    = "log_length"       // a line far longer than its like
	KindMixture   = "log_mixture"      // statements in numbers that never came together
	KindSequence  = burst.KindSequence // several of these, close together
)

const (
	// enoughLines is how many records make surprise meaningful.
	enoughLines = 100
	// fadeLines is after how many records news count for half.
	fadeLines = 20_000
	// Surprises are powers of ten: how rarely a line brings a new statement.
	// Errors are reported sooner than the rest, and what a program calls ordinary
	// only where next to nothing is new.
	surpriseOfErrors   = 2.0
	surpriseOfRest     = 3.5
	surpriseOfOrdinary = 4.5
	// fullSurprise is the surprise that has score 1.
	fullSurprise = 5.0
	// longLine is the least length that is reported, longFactor how many times
	// the longest so far it must be, lengthLines after how many lines.
	longLine    = 400
	longFactor  = 4
	lengthLines = 50
)

// seen is a line as it is being judged.
type seen struct {
	at        time.Time
	text      string
	record    record.Record
	id        template.ID
	statement *statement
	fresh     bool
}

// line takes a line in.
func (j *judgement) line(l sdk.LogLine) {
	at := l.Time
	if at.IsZero() || at.After(j.w.End) || at.Before(j.w.Start.Add(-time.Minute)) {
		at = j.w.End
	}
	text := l.Text[:min(len(l.Text), record.MaxBytes)]
	worst, known := j.d.book.Match(j.w.Component, text)
	if j.p.joiner(l.Source).Continues(text) {
		if known {
			j.known(worst, at, text)
		}
		j.each(at, text, 0)
		return
	}
	j.advance(at)
	r := record.Parse(text)
	s := seen{at: at, text: text, record: r, id: j.d.miner.Add(r.Message).ID}
	s.statement, s.fresh = j.statementOf(s.id, at)
	if s.fresh {
		s.statement.Level = record.LevelOfWords(r.Message)
	}
	if r.Level == record.LevelUnknown {
		s.record.Level = s.statement.Level
	}
	j.p.last = s.id
	score := 0.0
	if known {
		score = scoreOf(worst.Severity)
		j.known(worst, at, text)
	}
	score = max(score, j.novelty(s), j.length(s), j.rarity(s))
	j.count(s)
	j.each(at, text, score)
}

// scoreOf is how unusual a signature of the severity is.
func scoreOf(s sdk.Severity) float64 { return 0.8 + 0.05*float64(s) }

func (j *judgement) known(s signature.Signature, at time.Time, text string) {
	j.find(burst.Finding{
		At: at, Key: "signature/" + s.Name, Kind: KindSignature, Severity: s.Severity, Score: scoreOf(s.Severity), Excess: 1,
		Text: fmt.Sprintf("%s: %s", s.Meaning, quote(text)), Evidence: sdk.Evidence{Value: 1, Unit: "lines"},
	})
}

// novelty judges a statement that the component never logged before: the fewer
// of its lines were new lately, the more surprising.
func (j *judgement) novelty(s seen) float64 {
	if !s.fresh {
		return 0
	}
	surprise := math.Log10((j.p.Lines + 1) / (j.p.News + 0.5))
	limit := surpriseOfRest
	switch s.record.Level {
	case record.LevelError, record.LevelCritical:
		limit = surpriseOfErrors
	case record.LevelInfo, record.LevelDebug:
		limit = surpriseOfOrdinary
	}
	limit /= j.d.config.Sensitivity
	if j.p.Lines < enoughLines {
		return 0
	}
	score := min(1, max(0, surprise/fullSurprise))
	if s.record.Level < record.LevelError {
		score *= surpriseOfErrors / surpriseOfRest
	}
	if surprise >= limit && j.warm(s.at) {
		severity := sdk.SeverityLow
		if s.record.Level == record.LevelCritical {
			severity = sdk.SeverityMedium
		}
		j.find(burst.Finding{
			At: s.at, Key: fmt.Sprintf("new/%d", s.id), Kind: KindNew, Severity: severity, Score: score, Excess: surprise / limit,
			Text: fmt.Sprintf("never logged before (level %s; of the last %.0f records %.0f brought something new): %s",
				s.record.Level, j.p.Lines, j.p.News, quote(s.text)),
			Evidence: sdk.Evidence{Value: surprise, High: limit, Unit: "powers of ten"},
		})
	}
	return score
}

// length judges a line that is far longer than others of its statement.
func (j *judgement) length(s seen) float64 {
	usual := s.statement.Length
	limit := max(longLine, longFactor*usual)
	if s.statement.Count < lengthLines || len(s.record.Message) <= limit {
		return 0
	}
	excess := float64(len(s.record.Message)) / float64(limit)
	if j.warm(s.at) {
		j.find(burst.Finding{
			At: s.at, Key: fmt.Sprintf("length/%d", s.id), Kind: KindLength, Severity: sdk.SeverityLow, Score: min(1, 0.5*excess), Excess: excess * j.d.config.Sensitivity,
			Text:     fmt.Sprintf("a line of %d bytes, where %d lines of its kind had at most %d: %s", len(s.record.Message), s.statement.Count, usual, quote(s.text)),
			Evidence: sdk.Evidence{Value: float64(len(s.record.Message)), High: float64(limit), Unit: "bytes"},
		})
	}
	return min(1, 0.5*excess)
}

// rarity scores a known statement by how rare it is; it is never reported by
// itself.
func (j *judgement) rarity(s seen) float64 {
	if j.w.Reason != sdk.ReasonHistory || s.fresh || j.p.Lines < enoughLines {
		return 0
	}
	const half = 0.5
	share := float64(s.statement.Count) / j.p.Lines
	return half * min(1, max(0, -math.Log10(share)/fullSurprise))
}

// count learns the line.
func (j *judgement) count(s seen) {
	p := j.p
	p.Lines++
	if s.fresh {
		p.News++
	}
	if p.Lines >= 2*fadeLines {
		p.Lines, p.News = p.Lines/2, p.News/2
	}
	if !p.LastLine.IsZero() && s.at.After(p.LastLine) {
		p.Quiet = max(p.Quiet, s.at.Sub(p.LastLine))
	}
	p.LastLine = s.at
	p.Total.Now++
	if s.record.Level >= record.LevelError {
		p.Errors.Now++
	}
	st := s.statement
	st.Count++
	st.Rate.Now++
	st.Length = max(st.Length, len(s.record.Message))
	st.SeenAt = s.at.Unix()
}

// maxScores bounds how many lines of a window are answered, so that there is
// room for anomalies.
const maxScores = sdk.MaxAnomalies - 100

// each answers a line of history.
func (j *judgement) each(at time.Time, text string, score float64) {
	if j.w.Reason != sdk.ReasonHistory || len(j.lines) >= maxScores {
		return
	}
	j.lines = append(j.lines, sdk.Anomaly{
		Component: j.w.Component, Key: fmt.Sprintf("line/%d", len(j.lines)), Kind: sdk.AnomalyScore, Signal: strconv.Itoa(int(j.p.last)),
		Severity: sdk.SeverityLow, Score: score, Start: at, End: at, Ended: true, Summary: quote(text),
	})
}

// settle gives the lines the numbers that their templates have by now.
func (j *judgement) settle() {
	for i := range j.lines {
		if id, err := strconv.Atoi(j.lines[i].Signal); err == nil {
			j.lines[i].Signal = strconv.Itoa(int(j.d.miner.Settled(template.ID(id))))
		}
	}
}
