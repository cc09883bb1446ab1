using System.Collections.Immutable;
using RnnRuntime.Comparison;
using RnnRuntime.Graph;

namespace RnnRuntime;

/// <summary>
/// What the inputs of a network are given in a run of T steps of one stream: [T][input shape] each. A run that is longer than T begins
/// again with the first step's values; its state is carried on. Immutable, and safe to share between threads.
/// </summary>
public sealed class RnnInputs
{
    /// <summary>What an int32 input that nothing looks up with is given stays below this.</summary>
    private const int SmallInteger = 8;

    private readonly ImmutableArray<TensorInfo> _inputs;
    private readonly Dictionary<string, float[]> _floats;
    private readonly Dictionary<string, int[]> _integers;

    private RnnInputs(ImmutableArray<TensorInfo> inputs, int steps, Dictionary<string, float[]> floats, Dictionary<string, int[]> integers, bool isRandom)
    {
        _inputs = inputs;
        _floats = floats;
        _integers = integers;
        Steps = steps;
        IsRandom = isRandom;
    }

    /// <summary>The number of steps T, at least 1.</summary>
    public int Steps { get; }

    /// <summary>Whether the values come from <see cref="Random"/>.</summary>
    public bool IsRandom { get; }

    /// <summary>Takes arrays, which are copied.</summary>
    /// <param name="graph">The network whose inputs they are for.</param>
    /// <param name="floats">[T][input shape] for every float32 input, by name.</param>
    /// <param name="integers">[T][input shape] for every int32 input, by name; null where there is none.</param>
    /// <exception cref="ArgumentException">
    /// An input is missing, unknown, of the other type, not a whole number of steps long or not as many as the others, or an index is outside its table.
    /// </exception>
    public static RnnInputs FromArrays(
        RnnGraph graph, IReadOnlyDictionary<string, float[]> floats, IReadOnlyDictionary<string, int[]>? integers = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(floats);
        integers ??= ImmutableDictionary<string, int[]>.Empty;
        CheckNames(graph, floats.Keys, TensorType.Float32, nameof(floats));
        CheckNames(graph, integers.Keys, TensorType.Int32, nameof(integers));
        int? steps = null;
        foreach (var input in graph.Inputs)
        {
            var length = input.Type == TensorType.Int32
                ? integers.TryGetValue(input.Name, out var indices) ? indices.Length : 0
                : floats.TryGetValue(input.Name, out var values) ? values.Length : 0;
            var given = StepsOf(input, length);
            if (steps is { } others && others != given)
            {
                throw new ArgumentException($"Input '{input.Name}' is given for {given} steps, inputs before it for {others}.");
            }

            steps = given;
        }

        CheckIndices(graph, integers);
        return new RnnInputs(
            graph.Inputs, steps ?? 1, floats.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray()),
            integers.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray()), isRandom: false);
    }

    /// <summary>
    /// Random values: standard normal for float32 inputs, any index of the table for inputs that are looked up with, 0 to 7 for other integers.
    /// The same seed gives the same values on every machine.
    /// </summary>
    /// <param name="graph">The network whose inputs they are for.</param>
    /// <param name="steps">The number of steps T, at least 1.</param>
    /// <param name="seed">Decides all values.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no step, or an input would have more than 2^31 values.</exception>
    public static RnnInputs Random(RnnGraph graph, int steps, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        var random = new NormalSource(seed);
        var limits = IndexSources.InputLimits(graph);
        var floats = new Dictionary<string, float[]>();
        var integers = new Dictionary<string, int[]>();
        foreach (var input in graph.InputValues)
        {
            var length = (long)steps * input.Shape.ElementCount;
            if (length > Array.MaxLength)
            {
                throw new ArgumentOutOfRangeException(nameof(steps), steps, $"Input '{input.Name}' {input.Shape} would have {length} values over {steps} steps; at most {Array.MaxLength} fit.");
            }

            if (input.Type == TensorType.Int32)
            {
                var limit = limits.GetValueOrDefault(input, SmallInteger);
                integers.Add(input.Name, Fill(length, () => random.NextIndex(limit)));
            }
            else
            {
                floats.Add(input.Name, Fill(length, random.NextNormal));
            }
        }

        return new RnnInputs(graph.Inputs, steps, floats, integers, isRandom: true);
    }

    internal ReadOnlySpan<float> Floats(string name) => _floats[name];

    internal ReadOnlySpan<int> Integers(string name) => _integers[name];

    /// <summary>Refuses a network with other inputs.</summary>
    internal void CheckFit(RnnGraph graph, string role)
    {
        if (!graph.Inputs.ToHashSet().SetEquals(_inputs))
        {
            throw new ArgumentException($"The inputs are for {Describe(_inputs)}; the {role} network takes {Describe(graph.Inputs)}.");
        }
    }

    /// <summary>Gives a session the values of these steps, which do not go beyond the end.</summary>
    internal void Give(RnnSession session, int firstStep, int steps)
    {
        var inputs = session.Model.Inputs;
        for (var i = 0; i < inputs.Length; i++)
        {
            var length = inputs[i].Shape.ElementCount;
            if (inputs[i].Type == TensorType.Int32)
            {
                session.SetInput(i, _integers[inputs[i].Name].AsSpan(firstStep * length, steps * length));
            }
            else
            {
                session.SetInput(i, _floats[inputs[i].Name].AsSpan(firstStep * length, steps * length));
            }
        }
    }

    private static void CheckNames(RnnGraph graph, IEnumerable<string> names, TensorType type, string parameter)
    {
        foreach (var name in names)
        {
            if (!graph.Inputs.Any(input => input.Name == name && input.Type == type))
            {
                throw new ArgumentException($"The network has no {Names.Of(type)} input '{name}'; its inputs are {Describe(graph.Inputs)}.", parameter);
            }
        }
    }

    private static int StepsOf(TensorInfo input, int length)
    {
        var (steps, rest) = Math.DivRem(length, input.Shape.ElementCount);
        return length == 0
            ? throw new ArgumentException($"Input '{input.Name}' ({Names.Describe(input.Type, input.Shape)}) is not given.")
            : rest == 0 ? steps : throw new ArgumentException($"Input '{input.Name}' takes {input.Shape.ElementCount} values a step; found {length}, not a multiple.");
    }

    private static void CheckIndices(RnnGraph graph, IReadOnlyDictionary<string, int[]> integers)
    {
        foreach (var (input, limit) in IndexSources.InputLimits(graph))
        {
            var values = integers[input.Name];
            var at = Array.FindIndex(values, index => (uint)index >= (uint)limit);
            if (at >= 0)
            {
                throw new ArgumentException($"Input '{input.Name}', step {at / input.Shape.ElementCount}: index {values[at]}, expected 0 to {limit - 1}.");
            }
        }
    }

    private static T[] Fill<T>(long length, Func<T> next)
    {
        var values = new T[length];
        foreach (ref var value in values.AsSpan())
        {
            value = next();
        }

        return values;
    }

    private static string Describe(IEnumerable<TensorInfo> inputs) =>
        string.Join(", ", inputs.Select(input => $"'{input.Name}' ({Names.Describe(input.Type, input.Shape)})").DefaultIfEmpty("none"));
}
