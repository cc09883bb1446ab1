using System.Collections.Immutable;
using RnnRuntime.Cli.Running;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx;

namespace RnnRuntime.Cli.Sources;

/// <summary>What the arrays at hand say of an ONNX model's inputs: of the declared rank it is one step, with one more leading axis a sequence.</summary>
internal static class OnnxInputShapes
{
    public static RnnImportOptions Bind(SourceFile source, RnnImportOptions import, IReadOnlyList<InputArray> arrays)
    {
        if (arrays.Count == 0)
        {
            return import;
        }

        var shapes = import.InputShapes.ToBuilder();
        foreach (var input in OnnxReader.Read(source.Bytes, source.Folder, import.Limits).Graph.Inputs)
        {
            if (arrays.FirstOrDefault(array => array.Name == input.Name) is not { } given || import.Fix.ContainsKey(input.Name) || import.Constants.ContainsKey(input.Name))
            {
                continue;
            }

            ImmutableArray<int> shape = [.. given.Array.Shape];
            var rank = input.Shape?.Length ?? shape.Length;
            shapes[input.Name] = shape.Length == rank ? shape
                : shape.Length == rank + 1 ? shape[1..]
                : throw new CliException(
                    $"{given.Source}: input '{input.Name}' has {rank} axes in the model; expected an array of as many, or of one more for a sequence, found {given.Array.Describe()}");
        }

        return import with { InputShapes = shapes.ToImmutable() };
    }
}
