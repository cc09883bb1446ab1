using RnnRuntime.Graph;

namespace RnnRuntime.Comparison;

/// <summary>A model over its inputs, some steps at a time with the state carried, and what its outputs were.</summary>
internal sealed class TracedRun : IDisposable
{
    private const int MostSteps = 32;
    private const int MostElements = 1 << 22;

    private readonly RnnModel _model;
    private readonly RnnSession _session;
    private readonly RnnInputs _inputs;
    private readonly float[]?[] _traces;

    /// <param name="graph">The network.</param>
    /// <param name="inputs">What it is given.</param>
    /// <param name="kernel">The kernel variant; null for the best.</param>
    /// <param name="isTraced">Whether an output, by its index, is to be read.</param>
    public TracedRun(RnnGraph graph, RnnInputs inputs, string? kernel, Func<int, bool>? isTraced = null)
    {
        _inputs = inputs;
        var steps = StepsAtOnce(graph);
        _traces = [.. graph.Outputs.Select((output, index) => isTraced?.Invoke(index) == false ? null : new float[steps * output.Shape.ElementCount])];
        _model = RnnModel.FromGraph(graph, new RnnOptions { Kernel = kernel });
        try
        {
            _session = _model.CreateSession(1, steps);
        }
        catch
        {
            _model.Dispose();
            throw;
        }
    }

    /// <summary>Steps that one call may take; any number gives the same bits.</summary>
    public static int StepsAtOnce(RnnGraph graph) =>
        (int)Math.Clamp(MostElements / Math.Max(1, graph.Outputs.Sum(output => (long)output.Shape.ElementCount)), 1, MostSteps);

    /// <summary>Puts the states back to their initial values.</summary>
    public void Reset() => _session.Reset();

    /// <summary>Runs these steps, which do not go beyond the end of the inputs.</summary>
    public void Run(int firstStep, int steps)
    {
        _inputs.Give(_session, firstStep, steps);
        _session.Run(steps);
        for (var i = 0; i < _traces.Length; i++)
        {
            if (_traces[i] is { } trace)
            {
                Read(i, trace.AsSpan(0, steps * _model.Outputs[i].Shape.ElementCount));
            }
        }
    }

    /// <summary>An output at one of the steps of the last call.</summary>
    public ReadOnlySpan<float> Trace(int output, int step)
    {
        var length = _model.Outputs[output].Shape.ElementCount;
        return _traces[output].AsSpan(step * length, length);
    }

    /// <summary>The parts of a run: none goes beyond the end of the inputs, and none is longer than can be run at once.</summary>
    public static IEnumerable<(long Step, int InputStep, int Steps)> Parts(long steps, int inputSteps, int stepsAtOnce)
    {
        int count;
        for (long step = 0; step < steps; step += count)
        {
            var at = (int)(step % inputSteps);
            count = (int)Math.Min(Math.Min(stepsAtOnce, inputSteps - at), steps - step);
            yield return (step, at, count);
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }

    private void Read(int output, Span<float> trace)
    {
        if (_model.Outputs[output].Type == TensorType.Float32)
        {
            _session.GetOutput(output, trace);
            return;
        }

        var integers = new int[trace.Length];
        _session.GetOutput(output, integers);
        for (var i = 0; i < integers.Length; i++)
        {
            trace[i] = integers[i];
        }
    }
}
