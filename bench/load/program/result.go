package main

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"syscall"
	"time"
)

// What a run found. Bytes are those of bodies as they were sent.
type result struct {
	Count     int     `json:"count"`
	PerSecond float64 `json:"perSecond"`
	P50Ms     float64 `json:"p50Ms"`
	P99Ms     float64 `json:"p99Ms"`
	Bytes     int64   `json:"bytes"`
	// Kept connections that the server closed, as it may, and that were opened again.
	Reopened int `json:"reopened"`
	// Processor time of this program for each.
	LoadMicros float64 `json:"loadMicros"`
}

// What one client has seen; of that client alone.
type tally struct {
	times    []time.Duration
	bytes    int64
	reopened int
}

// Runs one function for each client at a time. The first that fails ends the run.
func together(clients int, client func(at int, seen *tally) error) ([]*tally, error) {
	seen := make([]*tally, clients)
	failed := make(chan error, clients)
	var all sync.WaitGroup
	for at := range clients {
		seen[at] = &tally{}
		all.Add(1)
		go func() {
			defer all.Done()
			if err := client(at, seen[at]); err != nil {
				failed <- err
			}
		}()
	}
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	select {
	case err := <-failed:
		return nil, err
	case <-done:
	}
	select {
	case err := <-failed:
		return nil, err
	default:
		return seen, nil
	}
}

func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// The clock and the processor time of a run. It says when what is measured begins and is over: only then others look at
// what it costs.
type meter struct {
	began time.Time
	took  time.Duration
	used  time.Duration
}

func startMeter() *meter {
	fmt.Println("ready")
	return &meter{began: time.Now(), used: processorTime()}
}

func (m *meter) stop() {
	fmt.Println("over")
	m.took = time.Since(m.began)
	m.used = processorTime() - m.used
}

// Sums up what the clients have seen while the meter ran.
func (m *meter) sum(seen []*tally) result {
	var found result
	times := []time.Duration{}
	for _, one := range seen {
		times = append(times, one.times...)
		found.Bytes += one.bytes
		found.Reopened += one.reopened
	}
	slices.Sort(times)
	at := func(share float64) float64 {
		if len(times) == 0 {
			return 0
		}
		return float64(times[min(len(times)-1, int(math.Floor(float64(len(times))*share)))]) / 1e6
	}
	found.Count = len(times)
	found.PerSecond = float64(len(times)) / m.took.Seconds()
	found.P50Ms = at(0.5)
	found.P99Ms = at(0.99)
	if len(times) > 0 {
		found.LoadMicros = float64(m.used.Microseconds()) / float64(len(times))
	}
	return found
}
