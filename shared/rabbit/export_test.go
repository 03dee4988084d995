package rabbit

import "time"

// RenewAfter makes an idle subscription ask again sooner.
func (s *Session) RenewAfter(d time.Duration) { s.renewAfter = d }
