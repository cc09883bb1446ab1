using System.Diagnostics;

namespace RnnRuntime.Cli.Benching;

/// <summary>The outputs of the reference kernel over some calls from the initial state, which others are held to.</summary>
internal sealed class BenchReference
{
    private const long MostElements = 1 << 22;

    private readonly List<(float[][] Floats, int[][] Integers)> _calls = [];

    /// <param name="run">The reference.</param>
    /// <param name="seconds">Time after which no further call begins.</param>
    public BenchReference(BenchRun run, double seconds)
    {
        var elements = run.Floats.Sum(output => (long)output.Length) + run.Integers.Sum(output => (long)output.Length);
        var most = Math.Clamp(MostElements / elements, 1, run.Calls);
        var began = Stopwatch.GetTimestamp();
        run.Restart();
        do
        {
            run.Call();
            _calls.Add(([.. run.Floats.Select(output => output.ToArray())], [.. run.Integers.Select(output => output.ToArray())]));
        }
        while (_calls.Count < most && Stopwatch.GetElapsedTime(began).TotalSeconds < seconds);
        Steps = _calls.Count * run.TimeSteps;
    }

    /// <summary>Time steps that are compared.</summary>
    public int Steps { get; }

    public BenchError ErrorOf(BenchRun run)
    {
        var error = new BenchError(0, true);
        run.Restart();
        foreach (var (floats, integers) in _calls)
        {
            run.Call();
            for (var i = 0; i < floats.Length; i++)
            {
                for (var j = 0; j < floats[i].Length; j++)
                {
                    var (expected, found) = (floats[i][j], run.Floats[i][j]);
                    error = BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(found) ? error : error.And(Math.Abs((double)expected - found));
                }

                for (var j = 0; j < integers[i].Length; j++)
                {
                    var (expected, found) = (integers[i][j], run.Integers[i][j]);
                    error = expected == found ? error : error.And(Math.Abs((double)expected - found));
                }
            }
        }

        return error;
    }
}
