namespace RnnRuntime.Bench.Results;

/// <summary>Least and median time of a call in ns.</summary>
internal sealed record CallTime(double Min, double Median);

/// <summary>One model in ONNX Runtime and in this runtime, in one process.</summary>
/// <param name="Name">The model.</param>
/// <param name="Command">What measured it.</param>
/// <param name="Peer">ONNX Runtime.</param>
/// <param name="Own">This runtime.</param>
/// <param name="MaxDifference">The largest difference of outputs and states.</param>
/// <param name="PlanSteps">Steps of the plan.</param>
/// <param name="MultiplyAdds">Of a call.</param>
/// <param name="ArenaBytes">Of a session.</param>
internal sealed record ModelResult(
    string Name, string Command, CallTime Peer, CallTime Own, double MaxDifference, int PlanSteps, long MultiplyAdds, long ArenaBytes);
