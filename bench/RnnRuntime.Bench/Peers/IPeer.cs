namespace RnnRuntime.Bench.Peers;

/// <summary>One implementation of an <see cref="CellProblem"/>, ready to be called; it carries its own state from call to call.</summary>
internal interface IPeer : IDisposable
{
    string Name { get; }

    /// <summary>True where the weights are int8, so that the int8 roof applies.</summary>
    bool IsInt8 { get; }

    WeightType Weights => IsInt8 ? WeightType.Int8 : WeightType.Float32;

    /// <summary>The problem's time steps for all its streams, by the fastest way that the peer's API has.</summary>
    void Step();

    /// <summary>Hidden states of the last call, layout [T, B, H].</summary>
    ReadOnlySpan<float> Output { get; }
}
