namespace RnnRuntime.Tests.Sessions;

/// <summary>Feeds, steps and reads a session through the named calls, whatever its ports, with buffers made before.</summary>
internal sealed class StepCalls
{
    private readonly RnnSession _session;
    private readonly int _timeSteps;
    private readonly float[][] _floats;
    private readonly int[][] _integers;
    private readonly float[][] _floatResults;
    private readonly int[][] _integerResults;

    public StepCalls(RnnSession session, int timeSteps)
    {
        (_session, _timeSteps) = (session, timeSteps);
        var model = session.Model;
        var signals = Signals.Random(model, timeSteps, session.Streams, seed: 1);
        _floats = [.. model.Inputs.Select((_, i) => signals.Floats(i).ToArray())];
        _integers = [.. model.Inputs.Select((_, i) => signals.Indices(i).ToArray())];
        _floatResults = [.. model.Outputs.Select(output => new float[Length(output, TensorType.Float32)])];
        _integerResults = [.. model.Outputs.Select(output => new int[Length(output, TensorType.Int32)])];

        int Length(TensorInfo output, TensorType type) => output.Type == type ? timeSteps * session.Streams * output.Shape.ElementCount : 0;
    }

    public void All()
    {
        for (var i = 0; i < _floats.Length; i++)
        {
            if (_floats[i].Length > 0)
            {
                _session.SetInput(i, _floats[i]);
            }
            else
            {
                _session.SetInput(i, _integers[i]);
            }
        }

        _session.Run(_timeSteps);
        for (var i = 0; i < _floatResults.Length; i++)
        {
            if (_floatResults[i].Length > 0)
            {
                _session.GetOutput(i, _floatResults[i]);
            }
            else
            {
                _session.GetOutput(i, _integerResults[i]);
            }
        }
    }
}
