using System.Collections.Immutable;
using RnnRuntime.Import;

namespace RnnRuntime.Bench.Models;

/// <summary>An input that is given in each step.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Shape">Its shape; empty for a scalar.</param>
/// <param name="Ids">Above 0: int64 indices below this. Otherwise float32.</param>
/// <param name="Fixed">Set for an int64 input that has one value for good; RnnRuntime makes it a constant.</param>
internal sealed record ModelInput(string Name, ImmutableArray<int> Shape, int Ids = 0, long? Fixed = null)
{
    internal int Elements => Shape.Aggregate(1, (product, extent) => product * extent);

    internal bool IsFloat => Ids == 0 && Fixed is null;
}

/// <summary>A float32 state: the output replaces the input after each step; zeros at first.</summary>
internal sealed record ModelState(string Input, string Output, ImmutableArray<int> Shape)
{
    internal int Elements => Shape.Aggregate(1, (product, extent) => product * extent);
}

/// <summary>An ONNX file with what a runtime has to be given to run it as a stream, one call a step.</summary>
internal sealed record ModelProblem(string Name, byte[] Onnx, ImmutableArray<ModelInput> Inputs, ImmutableArray<ModelState> States)
{
    private const int Seed = 20243;

    internal RnnImportOptions ImportOptions => new()
    {
        InputShapes = Inputs.Where(input => input.Fixed is null).Select(input => (input.Name, input.Shape))
            .Concat(States.Select(state => (Name: state.Input, state.Shape))).ToImmutableDictionary(pair => pair.Name, pair => pair.Shape),
        Fix = Inputs.Where(input => input.Fixed is not null).ToImmutableDictionary(input => input.Name, input => input.Fixed!.Value),
        States = States.ToImmutableDictionary(state => state.Output, state => state.Input),
    };

    /// <summary>Values of a float input in a step: uniform in ±1/2, the same for every peer.</summary>
    internal float[] Frame(ModelInput input, int step)
    {
        var random = new Random(Seed + step);
        return [.. Enumerable.Range(0, input.Elements).Select(_ => random.NextSingle() - 0.5f)];
    }

    internal int[] Indices(ModelInput input, int step)
    {
        var random = new Random(Seed + step);
        return [.. Enumerable.Range(0, input.Elements).Select(_ => random.Next(input.Ids))];
    }

    public override string ToString() => Name;
}
