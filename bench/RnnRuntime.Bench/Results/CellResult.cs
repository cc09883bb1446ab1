namespace RnnRuntime.Bench.Results;

/// <summary>How long one implementation took, in ns a time step of all streams.</summary>
/// <param name="Name">The peer, or the kernel of this project.</param>
/// <param name="Weights">f32, bf16, fp16 or int8.</param>
/// <param name="IsOwn">This project's.</param>
/// <param name="Min">Least of the rounds.</param>
/// <param name="Median">Median of the rounds.</param>
/// <param name="Roof">What the machine could do at best, measured in the same process.</param>
/// <param name="Bytes">Bytes of weights that a time step has to read.</param>
/// <param name="Error">Largest error against double precision, where it was looked at.</param>
internal sealed record PeerResult(string Name, string Weights, bool IsOwn, double Min, double Median, double Roof, double Bytes, double? Error = null);

/// <summary>One layer in one regime: implementations that took turns in one process.</summary>
/// <param name="Regime">A key of <c>Regime</c>, or hot and cold for raw products.</param>
/// <param name="Cell">lstm, gru, rnn or product.</param>
/// <param name="Input">Inputs; columns of a product.</param>
/// <param name="Hidden">Units; rows of a product.</param>
/// <param name="Streams">Streams of a call.</param>
/// <param name="TimeSteps">Time steps of a call.</param>
/// <param name="MultiplyAdds">Of a time step of all streams.</param>
/// <param name="Command">What measured it.</param>
/// <param name="Peers">In the order of the tables' columns.</param>
internal sealed record CellResult(
    string Regime, string Cell, int Input, int Hidden, int Streams, int TimeSteps, long MultiplyAdds, string Command, IReadOnlyList<PeerResult> Peers)
{
    internal string Size => $"({Input},{Hidden})";

    /// <summary>The fastest of this project's, or of the others; null where there is none with such weights.</summary>
    internal PeerResult? Best(string weights, bool own) =>
        Peers.Where(peer => peer.Weights == weights && peer.IsOwn == own).MinBy(peer => peer.Min);
}
