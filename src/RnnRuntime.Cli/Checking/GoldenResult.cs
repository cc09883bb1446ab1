using RnnRuntime.Cli.Npy;
using RnnRuntime.Cli.Running;
using RnnRuntime.Graph;

namespace RnnRuntime.Cli.Checking;

/// <summary>What an output, or a state after a step, has to be, and how far from it the model came.</summary>
internal sealed class GoldenResult
{
    private readonly double[] _expected;
    private readonly float[] _floats;
    private readonly int[] _integers;
    private readonly bool _isSequence;
    private readonly InputArray _array;
    private int _beyond;
    private string _first = "";

    /// <param name="array">The golden array.</param>
    /// <param name="tensor">The output or state.</param>
    /// <param name="output">Index of the output; -1 for a state.</param>
    /// <param name="isSequence">Whether the array has a value for every step; otherwise it is the last one's.</param>
    public GoldenResult(InputArray array, TensorInfo tensor, int output, bool isSequence)
    {
        (_array, Tensor, Output, _isSequence) = (array, tensor, output, isSequence);
        _expected = array.Array.ToFloat64(array.Source);
        (_floats, _integers) = tensor.Type == TensorType.Int32 ? ((float[])[], new int[tensor.Shape.ElementCount]) : (new float[tensor.Shape.ElementCount], []);
    }

    public TensorInfo Tensor { get; }

    public int Output { get; }

    public double LargestDifference { get; private set; }

    public bool Passed => _beyond == 0;

    /// <summary>For example <c>y [37, 2]: largest difference 1.19E-07</c>.</summary>
    public string Describe() =>
        $"{_array.Name} [{string.Join(", ", _array.Array.Shape)}]: largest difference {Text.Number(LargestDifference, "G3")}" +
        (Passed ? "" : $", {_beyond} of {_expected.Length} values too far; {_first}");

    public void Compare(RnnSession session, int step, bool isLast, double tolerance)
    {
        if (!_isSequence && !isLast)
        {
            return;
        }

        Take(session);
        var size = Tensor.Shape.ElementCount;
        var start = _isSequence ? step * size : 0;
        for (var i = 0; i < size; i++)
        {
            Compare(start + i, Tensor.Type == TensorType.Int32 ? _integers[i] : _floats[i], tolerance);
        }
    }

    /// <summary>As a model carries it: [T, shape].</summary>
    public Constant ToConstant()
    {
        int[] shape = [_isSequence ? _array.Array.Shape[0] : 1, .. Tensor.Shape.Dimensions];
        var array = Tensor.Type == TensorType.Int32
            ? NpyArray.FromInt32(_array.Array.ToInt32(_array.Source), shape)
            : NpyArray.From(_array.Array.ToFloat32(_array.Source), shape);
        return new Constant(Tensor.Name, Tensor.Type, new TensorShape(shape), array.Data);
    }

    private void Take(RnnSession session)
    {
        if (Output < 0)
        {
            session.GetState(Tensor.Name, _floats);
        }
        else if (Tensor.Type == TensorType.Int32)
        {
            session.GetOutput(Output, _integers);
        }
        else
        {
            session.GetOutput(Output, _floats);
        }
    }

    private void Compare(int index, double found, double tolerance)
    {
        var expected = _expected[index];
        if (found.Equals(expected))
        {
            return;
        }

        var difference = Math.Abs(found - expected);
        LargestDifference = Math.Max(LargestDifference, difference);
        var allowed = Tensor.Type == TensorType.Int32 ? 0 : tolerance * Math.Max(1, Math.Abs(expected));
        if (double.IsFinite(allowed) && difference <= allowed)
        {
            return;
        }

        if (_beyond++ == 0)
        {
            _first = $"at {_array.Array.Position(index)} found {Text.Number(found, "R")}, expected {Text.Number(expected, "R")}";
        }
    }
}
