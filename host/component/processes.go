package component

import "github.com/homeostat/homeostat/host/component/process"

// Processes returns the main process of a component and its descendants, nothing when it does not run. It is cheap: it
// follows the children and does not look for members that have left the tree.
func (s *Set) Processes(name string) []int {
	m, ok := s.member(name)
	if !ok {
		return nil
	}
	m.mu.Lock()
	pid := m.record.Main.PID
	m.mu.Unlock()
	if pid == 0 {
		return nil
	}
	return process.Descendants(pid)
}
