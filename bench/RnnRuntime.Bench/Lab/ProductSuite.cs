using RnnRuntime.Bench.Measuring;
using RnnRuntime.Bench.Peers;
using RnnRuntime.Bench.Results;

namespace RnnRuntime.Bench.Lab;

/// <summary>
/// The products of each kernel alone: all rows of an LSTM of the size by one vector. Hot: the same weights in every call, in the nearest cache that holds them. Cold: the
/// next of so many copies that each comes from memory.
/// </summary>
internal static class ProductSuite
{
    internal const string Cell = "product";

    internal static readonly string Usage = """
        kernels [--sizes 64,64x128,...] [--weights f32,bf16,fp16,int8] [--kernel NAME,...|all] [--rounds N] [--slice-ms N] [--output FILE | --no-file]
            The products of every kernel of the registry, without activations, weights in cache (hot) and from memory (cold): ns, bytes, GB/s, share of the roof.
        """;

    private const string Hot = "hot";
    private const string Cold = "cold";
    private const long LeastColdBytes = 128L << 20;
    private const double FirstWarmUpSeconds = 2;
    private const double WarmUpSeconds = 0.03;

    internal static string Title(string regime) =>
        regime == Hot ? "the same weights in every call (hot)" : "weights from memory in every call (cold)";

    internal static void Run(ReadOnlySpan<string> arguments)
    {
        LabOptions options = new LabOptions("kernels") { Weights = WeightTypes.All, Rounds = 15, SliceSeconds = 0.003, Kernels = [.. LabOptions.Available] }.Parse(arguments);
        Console.Error.WriteLine("Measuring the roof.");
        Roof roof = Roof.Current;
        long lastLevel = roof.Bandwidths[^2].Level.Bytes;
        var rows = new List<CellResult>();
        foreach (string regime in new[] { Hot, Cold })
        {
            foreach ((int input, int hidden) in options.Sizes)
            {
                (int lanes, int columns) = (((4 * hidden) + 7) & ~7, input + hidden);
                Console.Error.WriteLine($"Measuring {regime} products of {lanes} rows and {columns} columns.");
                var results = options.Weights.SelectMany(type => Measure(type, regime == Cold ? Math.Max(LeastColdBytes, 4 * lastLevel) : 0, rows.Count == 0));
                rows.Add(new CellResult(regime, Cell, columns, lanes, 1, 1, (long)lanes * columns, options.Command, [.. results]));

                IEnumerable<PeerResult> Measure(WeightType type, long leastBytes, bool first)
                {
                    using var weights = new ProductWeights(lanes, columns, type, leastBytes);
                    ProductPeer[] peers = [.. options.Kernels.Select(kernel => new ProductPeer(weights, kernel))];
                    if (first)
                    {
                        new InterleavedTimer(1, options.SliceSeconds, FirstWarmUpSeconds).Measure(peers[..1], 1);
                    }

                    CheckEqual(peers);
                    Timing[] timings = new InterleavedTimer(options.Rounds, options.SliceSeconds, WarmUpSeconds).Measure(peers, 1);
                    long resident = Math.Max(weights.Bytes, leastBytes);
                    double ns = roof.Nanoseconds(resident, (long)lanes * columns, type == WeightType.Int8, (double)weights.Bytes / resident);
                    return peers.Select((peer, i) => new PeerResult(
                        peer.Name, type.Key(), true, CellSuite.Round(timings[i].Min), CellSuite.Round(timings[i].Median), CellSuite.Round(ns), weights.Bytes));
                }
            }
        }

        CellReport.Write(options, "Products of each kernel, without activations", roof, rows);
    }

    /// <summary>Every kernel gives the same bits.</summary>
    private static void CheckEqual(ProductPeer[] peers)
    {
        float[]? expected = null;
        foreach (ProductPeer peer in peers)
        {
            peer.Step();
            expected ??= peer.Output.ToArray();
            if (!peer.Output.SequenceEqual(expected))
            {
                throw new InvalidOperationException($"{peer.Name} and {peers[0].Name} give different products.");
            }
        }
    }
}
