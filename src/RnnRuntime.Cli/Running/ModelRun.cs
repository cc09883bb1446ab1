using System.Diagnostics;
using RnnRuntime.Cli.Npy;
using RnnRuntime.Cli.Sources;

namespace RnnRuntime.Cli.Running;

/// <summary>One run of a model over arrays: who feeds each input, which output feeds which, and what came out.</summary>
internal sealed class ModelRun
{
    /// <summary>Time steps of one call at most; any chunking gives the same bits.</summary>
    private const int MaxChunk = 1024;

    /// <summary>Calls before the clock starts, so that it counts neither compilation nor first uses.</summary>
    private const int WarmUpCalls = 8;

    private readonly ModelSource _source;
    private readonly RnnModel _model;
    private readonly bool _isStream;
    private readonly InputFeed[] _feeds;
    private readonly List<(int Output, int Input)> _feedback = [];
    private readonly List<(string Name, float[] Value)> _states = [];
    private readonly OutputBuffer[] _outputs;
    private readonly bool _hasTimeAxis;

    public ModelRun(ModelSource source, IEnumerable<InputArray> inputs, IEnumerable<(string Left, string Right)> feedback, bool isStream)
    {
        _source = source;
        var model = _model = source.Model;
        _isStream = isStream;
        _feeds = new InputFeed[model.Inputs.Length];
        foreach (var (name, array, path) in inputs)
        {
            Bind(name, array, path);
        }

        foreach (var (output, input) in feedback)
        {
            Connect(output, input);
        }

        for (var i = 0; i < _feeds.Length; i++)
        {
            if (_feeds[i] is null)
            {
                throw new CliException($"input '{model.Inputs[i].Name}' ({Text.Of(model.Inputs[i])}) is not given: --input {model.Inputs[i].Name}=FILE.npy");
            }
        }

        TimeSteps = CommonTimeSteps(out _hasTimeAxis);
        ChunkLength = isStream || _feedback.Count > 0 ? 1 : Math.Min(TimeSteps, MaxChunk);
        _feeds = [.. _feeds.Select(feed => feed.ForChunks(ChunkLength))];
        _outputs = [.. model.Outputs.Select((output, index) => new OutputBuffer(index, output, TimeSteps))];
        Times = new StepTimes(TimeSteps);
    }

    public int TimeSteps { get; }

    public int ChunkLength { get; }

    public StepTimes Times { get; }

    public long AllocatedBytes { get; private set; }

    public TimeSpan Elapsed { get; private set; }

    /// <summary>Runs all time steps and returns the states after the last one; outputs are in <see cref="Output"/>.</summary>
    /// <param name="isMeasured">Whether the times matter: then some calls come first that leave no trace.</param>
    public (TensorInfo State, float[] Value)[] Run(bool isMeasured)
    {
        using var session = _model.CreateSession(1, ChunkLength);

        if (isMeasured)
        {
            WarmUp(session);
        }

        foreach (var (name, value) in _states)
        {
            session.SetState(name, value);
        }

        using (var progress = new Progress("run", TimeSteps))
        {
            var began = Stopwatch.GetTimestamp();
            for (int done = 0, steps; done < TimeSteps; done += steps)
            {
                steps = Math.Min(ChunkLength, TimeSteps - done);
                var allocated = GC.GetAllocatedBytesForCurrentThread();
                var start = Stopwatch.GetTimestamp();
                Give(session, done, steps);
                session.Run(steps);
                Collect(session, done, steps);
                FeedBack(done);
                Times.Add(Stopwatch.GetTimestamp() - start);
                AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - allocated;
                progress.Report(done);
            }

            Elapsed = Stopwatch.GetElapsedTime(began);
        }

        return [.. _model.States.Select(state => (state with { Shape = _source.ShapeOf(state) }, State(session, state)))];
    }

    /// <summary>An output: [T][shape], or [shape] where no input had a time axis.</summary>
    public NpyArray Output(int output)
    {
        var shape = _model.Outputs[output].Shape.Dimensions;
        return _outputs[output].ToArray([.. _hasTimeAxis ? [TimeSteps] : Array.Empty<int>(), .. shape]);
    }

    private void Bind(string name, NpyArray array, string path)
    {
        if (IndexOf(_model.Inputs, name) is >= 0 and var index)
        {
            _feeds[index] = InputFeed.FromArray(index, _model.Inputs[index], array, path);
            return;
        }

        if (IndexOf(_model.States, name) is < 0)
        {
            throw new CliException($"the model has no input '{name}'; inputs are {Names(_model.Inputs)}, states are {Names(_model.States)}");
        }

        var state = _model.States[IndexOf(_model.States, name)];
        if (!_source.IsValueOf(state, array.Shape))
        {
            throw new CliException($"{path}: state '{name}' is {Text.Of(state.Type)} {_source.ShapeOf(state)}; found {array.Describe()}");
        }

        _states.Add((name, array.ToFloat32(path)));
    }

    private void Connect(string output, string input)
    {
        var (from, to) = (IndexOf(_model.Outputs, output), IndexOf(_model.Inputs, input));
        if (from < 0)
        {
            throw new CliException($"--state {output}={input}: the model has no output '{output}'; outputs are {Names(_model.Outputs)}");
        }

        if (to < 0)
        {
            throw new CliException(
                IndexOf(_model.States, input) >= 0
                    ? $"--state {output}={input}: '{input}' is the model's own state and is carried already"
                    : $"--state {output}={input}: the model has no input '{input}'; inputs are {Names(_model.Inputs)}");
        }

        var (source, target) = (_model.Outputs[from], _model.Inputs[to]);
        if (source.Type != target.Type || source.Shape != target.Shape)
        {
            throw new CliException($"--state {output}={input}: the output is {Text.Of(source)} and the input {Text.Of(target)}; they must be alike");
        }

        if (source.Type != TensorType.Float32)
        {
            throw new CliException($"--state {output}={input}: both are {Text.Of(source.Type)}; only float32 can be fed back");
        }

        if (_feedback.Any(pair => pair.Input == to))
        {
            throw new CliException($"--state: input '{input}' is fed by two outputs");
        }

        if (_feeds[to] is { TimeSteps: not null })
        {
            throw new CliException($"--state {output}={input}: '{input}' needs one first value {target.Shape}; a sequence was given");
        }

        _feeds[to] ??= InputFeed.Zeros(to, target);
        _feedback.Add((from, to));
    }

    private int CommonTimeSteps(out bool hasTimeAxis)
    {
        int? common = null;
        for (var i = 0; i < _feeds.Length; i++)
        {
            if (_feeds[i].TimeSteps is { } steps)
            {
                if (common is { } other && other != steps)
                {
                    throw new CliException($"input '{_model.Inputs[i].Name}' has {steps} time steps, an input before it {other}");
                }

                common = steps;
            }
        }

        if (_isStream && common is null)
        {
            throw new CliException($"--stream needs an input with one more leading axis than the model's: {string.Join(", ", _model.Inputs.Select(input => $"'{input.Name}' is {input.Shape}"))}");
        }

        hasTimeAxis = common is not null;
        return common ?? 1;
    }

    private void WarmUp(RnnSession session)
    {
        var first = _feedback.Select(pair => _feeds[pair.Input].Current.ToArray()).ToArray();
        for (var i = 0; i < WarmUpCalls; i++)
        {
            Give(session, 0, ChunkLength);
            session.Run(ChunkLength);
            Collect(session, 0, ChunkLength);
            FeedBack(0);
        }

        session.Reset();
        for (var i = 0; i < first.Length; i++)
        {
            first[i].CopyTo(_feeds[_feedback[i].Input].Current);
        }
    }

    private void Give(RnnSession session, int firstStep, int steps)
    {
        foreach (var feed in _feeds)
        {
            feed.Give(session, firstStep, steps);
        }
    }

    private void Collect(RnnSession session, int firstStep, int steps)
    {
        foreach (var output in _outputs)
        {
            output.Collect(session, firstStep, steps);
        }
    }

    private void FeedBack(int step)
    {
        foreach (var (output, input) in _feedback)
        {
            _outputs[output].Step(step).CopyTo(_feeds[input].Current);
        }
    }

    private static float[] State(RnnSession session, TensorInfo state)
    {
        var value = new float[state.Shape.ElementCount];
        session.GetState(state.Name, value);
        return value;
    }

    private static int IndexOf(IReadOnlyList<TensorInfo> tensors, string name)
    {
        for (var i = 0; i < tensors.Count; i++)
        {
            if (tensors[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    private static string Names(IEnumerable<TensorInfo> tensors) =>
        string.Join(", ", tensors.Select(tensor => $"'{tensor.Name}'").DefaultIfEmpty("none"));
}
