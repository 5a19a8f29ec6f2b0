package observe

import "github.com/hashicorp/go-hclog"

// scrapeState remembers what was logged of a page, so that each change is
// logged once.
type scrapeState struct {
	log     hclog.Logger
	failing bool
	left    int
}

func (s *scrapeState) report(left int, err error) {
	if err != nil && !s.failing {
		s.log.Warn("metrics cannot be scraped, trying again every few seconds", "error", err)
	}
	if err == nil && s.failing {
		s.log.Info("metrics are scraped again")
	}
	if left > s.left {
		s.log.Warn("page of metrics is larger than allowed, the rest of it is left out", "series", left)
	}
	s.failing, s.left = err != nil, max(s.left, left)
}
