using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Bench.Results;

namespace RnnRuntime.Bench.Lab;

/// <summary>
/// Every layer, regime by regime: a row's implementations are built, held against double precision, and then take turns in this one process.
/// </summary>
internal sealed class CellSuite(LabOptions options, string title, Func<CellProblem, IReadOnlyList<IPeer>> build)
{
    /// <summary>The first row waits until tiered compilation, which a pinned process delays by a second, is done with what all rows share.</summary>
    private const double FirstWarmUpSeconds = 2;

    private const double WarmUpSeconds = 0.1;

    internal void Run()
    {
        Console.Error.WriteLine("Measuring the roof.");
        Roof roof = Roof.Current;
        var first = new InterleavedTimer(1, options.SliceSeconds, FirstWarmUpSeconds);
        var timer = new InterleavedTimer(options.Rounds, options.SliceSeconds, WarmUpSeconds);
        var rows = new List<CellResult>();
        foreach (CellShape shape in Shapes())
        {
            string regime = options.Regimes.Single(regime => regime.Streams == shape.Streams && regime.TimeSteps == shape.TimeSteps).Key;
            Console.Error.WriteLine($"Measuring {regime} {Key(shape.Cell)} {shape}.");
            rows.Add(Measure(shape, regime, rows.Count == 0 ? first : null, timer, roof));
        }

        CellReport.Write(options, title, roof, rows);
    }

    internal static string Key(Cell cell) => cell.ToString().ToLowerInvariant();

    private IEnumerable<CellShape> Shapes() =>
        from regime in options.Regimes
        from cell in options.Cells
        from size in options.Sizes
        select new CellShape(size.Input, size.Hidden, regime.Streams, regime.TimeSteps, cell);

    private CellResult Measure(CellShape shape, string regime, InterleavedTimer? warmUp, InterleavedTimer timer, Roof roof)
    {
        var problem = new CellProblem(shape);
        IReadOnlyList<IPeer> peers = build(problem);
        try
        {
            double[] errors = PeerCheck.MaxErrors(peers, problem);
            warmUp?.Measure([peers[0]], shape.TimeSteps);
            Timing[] timings = timer.Measure(peers, shape.TimeSteps);
            return new CellResult(
                regime, Key(shape.Cell), shape.Input, shape.Hidden, shape.Streams, shape.TimeSteps, shape.MultiplyAdds, options.Command,
                [.. peers.Select((peer, i) => new PeerResult(
                    peer.Name, peer.Weights.Key(), peer is RnnRuntimePeer, Round(timings[i].Min), Round(timings[i].Median),
                    Round(shape.RoofNanoseconds(roof, peer.Weights)), shape.BytesPerStep(peer.Weights), errors[i]))]);
        }
        finally
        {
            foreach (IPeer peer in peers)
            {
                peer.Dispose();
            }
        }
    }

    /// <summary>Four digits: what a file needs to tell.</summary>
    internal static double Round(double value) => value <= 0 ? value : Math.Round(value, Math.Clamp(3 - (int)Math.Floor(Math.Log10(value)), 0, 15));
}
