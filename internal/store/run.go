package store

import (
	"errors"
	"time"
)

// run is the only goroutine that writes. It ends after Close, when all that was queued
// before is stored or refused.
func (s *Store) run() {
	defer close(s.done)
	retry := time.NewTicker(s.retry)
	defer retry.Stop()
	for {
		select {
		case <-s.wake:
		case <-retry.C:
			s.revive()
		}
		for jobs := s.take(); len(jobs) > 0; jobs = s.take() {
			s.store(jobs)
		}
		if s.finished() {
			s.ended = s.end()
			return
		}
	}
}

// take gives the next changes that go to disk together.
func (s *Store) take() []job {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.queue), maxGroup)
	jobs := s.queue[:n:n]
	if s.queue = s.queue[n:]; len(s.queue) == 0 {
		s.queue = nil // or the array would be kept for ever
	}
	return jobs
}

func (s *Store) finished() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed && len(s.queue) == 0
}

// store commits jobs together. When that fails for another reason than the disk's, each is
// tried alone: a change that SQLite does not want must not take others with it.
func (s *Store) store(jobs []job) {
	switch outcomes, err := s.commit(jobs); {
	case err == nil:
		for i, j := range jobs {
			j.answer(outcomes[i])
		}
	case hopeless(err):
		s.fail(err, jobs)
	default:
		s.storeEach(jobs)
	}
}

func (s *Store) storeEach(jobs []job) {
	for i, j := range jobs {
		outcomes, err := s.commit(jobs[i : i+1])
		if hopeless(err) {
			s.fail(err, jobs[i:])
			return
		}
		if err != nil {
			s.metrics.errors.Inc()
			s.log.Error("change not stored", "err", err)
			outcomes[0] = err
		}
		j.answer(outcomes[0])
	}
}

func (s *Store) commit(jobs []job) ([]error, error) {
	began := time.Now()
	outcomes, err := s.w.commit(jobs)
	s.metrics.commit.Observe(time.Since(began).Seconds())
	if err == nil {
		s.metrics.changes.Add(float64(len(jobs)))
	}
	return outcomes, err
}

// hopeless says that an error is the disk's, or the file's, and another change would have it too.
func hopeless(err error) bool { return errors.Is(err, ErrReadOnly) || errors.Is(err, ErrCorrupt) }

func (j job) answer(err error) {
	if j.done != nil {
		j.done(err)
	}
}

// fail refuses jobs and all that is queued, which may build on them, and writes no more
// before revive. The connection is given up: what it holds in memory may not be what is on disk.
func (s *Store) fail(err error, jobs []job) {
	s.metrics.errors.Inc()
	s.metrics.writable.Set(0)
	s.log.Error("store cannot be written", "err", err)
	s.w.close()
	s.w = nil
	s.mu.Lock()
	s.broken = err
	queued := s.queue
	s.queue = nil
	s.mu.Unlock()
	for _, j := range jobs {
		j.answer(err)
	}
	for _, j := range queued {
		j.answer(err)
	}
}

// revive tries to write again. A damaged file stays as it is until somebody has looked at it.
func (s *Store) revive() {
	if why := s.Writable(); why == nil || errors.Is(why, ErrCorrupt) || errors.Is(why, ErrClosed) {
		return
	}
	s.files.Lock() // who reads a file that cannot be written holds it in ways that leave no place for us
	defer s.files.Unlock()
	if restrict(s.path, s.log) != nil {
		return
	}
	w, err := openWriter(s.path)
	if err != nil {
		return
	}
	if err := w.probe(); err != nil {
		w.close()
		return
	}
	s.w = w
	s.mu.Lock()
	s.broken = nil
	s.mu.Unlock()
	s.metrics.writable.Set(1)
	s.log.Info("store can be written again")
}

// end closes the file, after those who read it, so that its log is merged and removed.
func (s *Store) end() error {
	s.files.Lock()
	defer s.files.Unlock()
	var err error
	if s.w != nil {
		err = s.w.close()
	}
	return errors.Join(err, s.unlock())
}
