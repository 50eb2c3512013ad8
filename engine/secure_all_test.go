package engine

import "testing"

// What holds for clients in plain holds for clients over TLS.
func TestAllOverTLS(t *testing.T) {
	secureAll = true
	defer func() { secureAll = false }()
	for name, test := range map[string]func(*testing.T){
		"bad framing":              TestRawBadFraming,
		"good framing":             TestRawGoodFraming,
		"hopeless":                 TestRawHopeless,
		"bad head":                 TestRawBadHead,
		"good head":                TestRawGoodHead,
		"limits":                   TestRawLimits,
		"answer outlives request":  TestRawAnswerOutlivesRequest,
		"pipelines":                TestRawPipelines,
		"limited pipeline":         TestRawPipelineLimited,
		"bad target":               TestRawBadTarget,
		"good target":              TestRawGoodTarget,
		"connect":                  TestRawConnect,
		"max-forwards":             TestRawMaxForwards,
		"good answer":              TestRawGoodAnswer,
		"bad answer":               TestRawBadAnswer,
		"broken answer":            TestRawBrokenAnswer,
		"talkative answer":         TestRawTalkativeAnswer,
		"bad upgrade":              TestRawBadUpgrade,
		"silent answer":            TestRawSilentAnswer,
		"early answer":             TestEarlyAnswer,
		"both ways at once":        TestBothWaysAtOnce,
		"trailers":                 TestTrailers,
		"expect":                   TestExpect,
		"interim":                  TestInterim,
		"tunnel":                   TestTunnel,
		"silent tunnel":            TestSilentTunnel,
		"half-closed tunnel":       TestHalfClosedTunnel,
		"one-sided tunnel":         TestOneSidedTunnel,
		"tunnel across stop":       TestTunnelAcrossStop,
		"client left":              TestClientLeft,
		"backend ends connections": TestKeepAliveRace,
		"header limit":             TestClientHeaderLimit,
		"idle limit":               TestClientIdleLimit,
		"body limit":               TestClientBodyLimit,
		"slow body":                TestSlowBody,
		"long bodies":              TestLongBodies,
		"long body breaks off":     TestLongBodyBreaksOff,
		"long body stops":          TestLongBodyStops,
		"long body steady":         TestLongBodySteady,
		"refused upload":           TestRefusedUpload,
		"too large upload":         TestTooLargeUpload,
		"refused expectation":      TestRefusedExpectation,
		"streamed GET":             TestStreamedGet,
		"malformed upload":         TestMalformedUpload,
		"stop":                     TestStop,
		"stop cuts off":            TestStopCutsOff,
		"truncated response":       TestTruncatedResponse,
		"WebSocket sizes":          TestWebSocketSizes,
		"park":                     TestPark,
		"park loses nothing":       TestParkLosesNothing,
		"parked is closed":         TestParkedIsClosed,
		"stop ends parked":         TestStopEndsParked,
	} {
		t.Run(name, test)
	}
}
