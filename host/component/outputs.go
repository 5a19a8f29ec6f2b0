package component

import (
	"time"

	"github.com/homeostat/homeostat/host/component/outlog"
)

// trimOutputs keeps the output files bounded. It looks every few seconds, and more often at those that grow so fast
// that they would double in between. It ends with the set's life.
func (s *Set) trimOutputs() {
	const calm, hasty = 5 * time.Second, 100 * time.Millisecond
	sizes := make(map[string]int64)
	pause := calm
	for {
		select {
		case <-s.life.Done():
			return
		case <-time.After(pause):
		}
		fastest := int64(0)
		for _, m := range s.all() {
			for _, path := range m.Outputs() {
				size, err := outlog.Trim(path, outlog.DefaultKeep)
				if err != nil {
					s.log.Warn("the output of a component cannot be kept bounded", "component", m.Name(), "error", err)
				}
				fastest = max(fastest, (size-sizes[path])*int64(calm/pause))
				sizes[path] = size
			}
		}
		pause = calm
		if fastest > outlog.DefaultKeep {
			pause = max(hasty, calm*time.Duration(outlog.DefaultKeep)/time.Duration(fastest))
		}
	}
}
