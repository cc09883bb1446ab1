using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>Gives every input of a model a static shape or a constant value, from what the file and the user say.</summary>
internal sealed class InputBinder
{
    private readonly OnnxGraph _graph;
    private readonly RnnImportOptions _options;
    private readonly List<RnnImportException>? _refusals;
    private readonly Dictionary<string, long> _extents = new(StringComparer.Ordinal);
    private readonly HashSet<string> _usedFixes = new(StringComparer.Ordinal);

    private InputBinder(OnnxGraph graph, RnnImportOptions options, List<RnnImportException>? refusals)
    {
        _graph = graph;
        _options = options;
        _refusals = refusals;
    }

    /// <summary>The inputs that stay inputs, in order.</summary>
    public List<Value> Inputs { get; } = [];

    /// <summary>Where an extent is not bound, it is 1 and the refusal is listed, if a list is given.</summary>
    public static InputBinder Create(OnnxGraph graph, RnnImportOptions options, List<RnnImportException>? refusals)
    {
        var binder = new InputBinder(graph, options, refusals);
        binder.BindNames();
        return binder;
    }

    public Dictionary<string, Operand?> Bind(GraphEmitter emit)
    {
        var names = new Dictionary<string, Operand?>(StringComparer.Ordinal);
        foreach (var input in _graph.Inputs)
        {
            var location = $"input '{input.Name}'";
            if (input.Type is not { } type)
            {
                throw new RnnImportException(location, "no element type", "a declared type");
            }

            var shape = ShapeOf(input, location);
            if (_options.Fix.TryGetValue(input.Name, out var value))
            {
                names.Add(input.Name, Operand.Of(ConstantInput.Make(location, type, shape, [value])));
                continue;
            }

            if (_options.Constants.TryGetValue(input.Name, out var values))
            {
                names.Add(input.Name, Operand.Of(ConstantInput.Make(location, type, shape, values.AsSpan())));
                continue;
            }

            TensorType? coreType = type switch
            {
                ElementType.Float32 or ElementType.Bool or ElementType.Int8 or ElementType.UInt8 or ElementType.Int16 or ElementType.UInt16 => TensorType.Float32,
                ElementType.Int32 or ElementType.Int64 => TensorType.Int32,
                _ => Refused<TensorType?>(
                    new RnnImportException(location, $"{type.ToString().ToLowerInvariant()}", "float32, bool, int8 to int64, uint8 or uint16; cast it in front of the model"), null),
            };
            if (coreType is null)
            {
                names.Add(input.Name, null);
                continue;
            }

            var bound = emit.NewValue(input.Name, coreType.Value, emit.ShapeOf(location, shape));
            Inputs.Add(bound);
            names.Add(input.Name, Operand.Of(bound, type));
        }

        if (_options.Constants.Keys.FirstOrDefault(name => _graph.Inputs.All(input => input.Name != name)) is { } unknown)
        {
            throw new RnnImportException($"the constant '{unknown}'", "a name that the model does not have", $"an input: {string.Join(", ", _graph.Inputs.Select(input => $"'{input.Name}'"))}");
        }

        var unused = _options.Fix.Keys.Where(name => !_usedFixes.Contains(name)).Order(StringComparer.Ordinal).FirstOrDefault();
        return unused is null
            ? names
            : throw new RnnImportException($"--fix {unused}", "a name that the model does not have", $"one of {string.Join(", ", KnownNames())}");
    }

    /// <summary>Extents that the given input shapes and fixes say.</summary>
    private void BindNames()
    {
        foreach (var (name, extent) in _options.Fix)
        {
            _extents[name] = extent;
        }

        foreach (var (name, given) in _options.InputShapes)
        {
            var input = _graph.Inputs.FirstOrDefault(input => input.Name == name)
                ?? throw new RnnImportException($"input '{name}'", "a shape for it", $"an input of the model: {string.Join(", ", _graph.Inputs.Select(input => $"'{input.Name}'"))}");
            if (input.Shape is not { } declared)
            {
                continue;
            }

            if (declared.Length != given.Length)
            {
                throw new RnnImportException($"input '{name}'", $"[{string.Join(", ", given)}]", $"{declared.Length} extents as the model declares");
            }

            for (var axis = 0; axis < given.Length; axis++)
            {
                if (declared[axis].Extent is { } fixedExtent && fixedExtent != given[axis])
                {
                    throw new RnnImportException($"input '{name}', axis {axis}", $"extent {given[axis]}", $"{fixedExtent} as the model declares");
                }

                if (declared[axis].Name is { } symbol && !_extents.TryAdd(symbol, given[axis]) && _extents[symbol] != given[axis])
                {
                    throw new RnnImportException($"input '{name}', axis {axis} ('{symbol}')", $"extent {given[axis]}", $"{_extents[symbol]}, which '{symbol}' is elsewhere");
                }
            }
        }
    }

    private ImmutableArray<int> ShapeOf(OnnxValueInfo input, string location)
    {
        _usedFixes.UnionWith(_options.Fix.ContainsKey(input.Name) ? [input.Name] : []);
        var given = _options.InputShapes.TryGetValue(input.Name, out var shape) ? shape : (ImmutableArray<int>?)null;
        if (input.Shape is not { } declared)
        {
            return given ?? Refused(new RnnImportException(location, "no shape", "a declared shape, or data to take it from"), ImmutableArray<int>.Empty);
        }

        var extents = ImmutableArray.CreateBuilder<int>();
        for (var axis = 0; axis < declared.Length; axis++)
        {
            var place = $"{input.Name}[{axis}]";
            long? extent = declared[axis].Extent;
            if (declared[axis].Name is { } symbol && _extents.TryGetValue(symbol, out var bound))
            {
                _usedFixes.Add(symbol);
                extent ??= bound;
            }

            if (_options.Fix.TryGetValue(place, out var fixedPlace))
            {
                _usedFixes.Add(place);
                extent ??= fixedPlace;
            }

            extent ??= given is { } known ? known[axis] : null;
            if (extent is null)
            {
                var name = declared[axis].Name ?? place;
                extent = Refused(
                    new RnnImportException($"{location}, axis {axis}", declared[axis].Name is null ? "an extent that nothing binds" : $"the symbolic extent '{name}', which nothing binds", $"a number: --fix {name}=N"), 1);
            }

            var minimum = _options.Constants.ContainsKey(input.Name) ? 0 : 1;
            if (extent < minimum || extent > int.MaxValue)
            {
                throw new RnnImportException($"{location}, axis {axis}", $"extent {extent}", $"{minimum} to {int.MaxValue}");
            }

            extents.Add((int)extent);
        }

        return extents.ToImmutable();
    }

    private T Refused<T>(RnnImportException refusal, T otherwise)
    {
        if (_refusals is null)
        {
            throw refusal;
        }

        _refusals.Add(refusal);
        return otherwise;
    }

    private IEnumerable<string> KnownNames() => _graph.Inputs
        .SelectMany(input => (input.Shape ?? []).Select(dimension => dimension.Name).OfType<string>().Append(input.Name)).Distinct().Select(name => $"'{name}'");
}
