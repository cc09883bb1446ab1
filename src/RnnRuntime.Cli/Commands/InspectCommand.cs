using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using RnnRuntime.Cli.Sources;
using RnnRuntime.Import;

namespace RnnRuntime.Cli.Commands;

internal static class InspectCommand
{
    private static readonly Option<bool> Plan = new("--plan")
    {
        Description = "Also the plan for this machine: packed sizes, kernel of each step, map of a session's memory (one stream, one time step).",
    };

    private static readonly Option<string?> Kernel = ModelSource.KernelOption();

    /// <summary>Above it, zeros are no more than chance leaves.</summary>
    private const double DensestNamed = 0.95;

    private static readonly Option<bool> AsJson = new("--json") { Description = "Write JSON." };

    public static Command Create()
    {
        var command = new Command("inspect", "Shows what is inside a model: nodes, shapes, parameters, bytes; of an ONNX file that cannot be imported, everything that is refused.")
        {
            Plan, Kernel, AsJson,
        };
        var source = new SourceOptions(command);
        var model = new ModelArgument(command, "MODEL", $"The model: {ModelSource.Formats}.", true, source.OfPairs);
        command.SetAction(arguments => Run(arguments, model.Path(arguments)!, source.Read(arguments)));
        return command;
    }

    private static int Run(ParseResult arguments, string path, RnnImportOptions import)
    {
        try
        {
            using var source = ModelSource.Load(path, import, arguments.GetValue(Kernel));
            Write(arguments, source);
            return 0;
        }
        catch (CliException exception) when (exception.InnerException is RnnImportException refusal && ModelSource.IsOnnx(path))
        {
            var refusals = ImportErrors.All(refusal, path, import);
            if (arguments.GetValue(AsJson))
            {
                Json.Write(writer => WriteRefusals(writer, path, refusals));
            }
            else
            {
                WriteRefusals(refusals);
            }

            throw new CliException($"model {path}: cannot be imported: {refusals.Length} {(refusals.Length == 1 ? "refusal" : "refusals")}", refusal);
        }
    }

    private static void WriteRefusals(string[] refusals)
    {
        foreach (var refusal in refusals)
        {
            Console.Out.WriteLine(Text.OneLine(refusal, int.MaxValue));
        }

        if (ImportErrors.Fixes(refusals) is { } fixes)
        {
            Console.Out.WriteLine($"to bind: {fixes}");
        }
    }

    private static void WriteRefusals(Utf8JsonWriter writer, string path, string[] refusals)
    {
        writer.WriteString("model", path);
        writer.WriteStartArray("refusals");
        foreach (var refusal in refusals)
        {
            writer.WriteStringValue(refusal);
        }

        writer.WriteEndArray();
    }

    private static void Write(ParseResult arguments, ModelSource source)
    {
        var nodes = source.Model.Graph.DescribeNodes();
        var plan = arguments.GetValue(Plan) ? source.Model.DescribePlan(1, 1) : null;
        if (arguments.GetValue(AsJson))
        {
            Json.Write(writer => WriteJson(writer, source, nodes, plan));
        }
        else
        {
            WriteListings(source, nodes, plan);
        }
    }

    private static void WriteListings(ModelSource source, ImmutableArray<NodeInfo> nodes, RnnPlanInfo? plan)
    {
        var model = source.Model;
        var edges = new Listing($"{source.Name}: {source.Bytes} bytes", "tensor", "name", "type", "shape");
        foreach (var (kind, tensors) in ((string, ImmutableArray<TensorInfo>)[])[("input", model.Inputs), ("output", model.Outputs), ("state", model.States)])
        {
            foreach (var tensor in tensors)
            {
                edges.Add(kind, tensor.Name, Text.Of(tensor.Type), tensor.Shape.ToString());
            }
        }

        edges.Write();
        var steps = model.DescribePlan(1, 1).Steps;
        Console.Out.WriteLine($"kernel {model.Kernel}: {steps.Length} plan steps, {model.WeightBytes} bytes of packed weights");
        if (steps.Max(step => step.LargestPair) is var pair and > 0)
        {
            Console.Out.WriteLine($"int8: two products of these weights together reach {Text.Count(pair)}, 16 bits hold {Text.Count(short.MaxValue)}: no kernel can saturate");
        }

        Console.Out.WriteLine();
        WriteOperators(nodes);
        Console.Out.WriteLine();
        WriteNodes(nodes, Densities(steps));
        if (model.Graph.Metadata.Count > 0)
        {
            Console.Out.WriteLine();
            var metadata = new Listing("", "metadata", "value");
            foreach (var (key, value) in model.Graph.Metadata)
            {
                metadata.Add(key, Text.OneLine(value));
            }

            metadata.Write();
            WriteQuantization(model.Graph.Metadata);
        }

        if (plan is not null)
        {
            WritePlan(plan);
        }
    }

    /// <summary>What was decided when the model was quantised; text that is something else is only metadata.</summary>
    private static void WriteQuantization(IReadOnlyDictionary<string, string> metadata)
    {
        const string Key = "quantization";
        try
        {
            using var json = metadata.TryGetValue(Key, out var text) ? JsonDocument.Parse(text) : null;
            if (json?.RootElement is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("nodes", out var nodes) || nodes.ValueKind != JsonValueKind.Object)
            {
                return;
            }

            Console.Out.WriteLine();
            var listing = new Listing("", "quantised node", "weights, and why not as asked");
            foreach (var node in nodes.EnumerateObject().Where(node => node.Value.ValueKind == JsonValueKind.String))
            {
                listing.Add(Text.OneLine(node.Name), Text.OneLine(node.Value.GetString()!, 200));
            }

            listing.Write();
        }
        catch (JsonException)
        {
            // The user's own text of that name.
        }
    }

    private static void WriteOperators(ImmutableArray<NodeInfo> nodes)
    {
        var listing = new Listing("", "operator", ">nodes", ">parameters");
        foreach (var group in nodes.GroupBy(node => node.Operator).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal))
        {
            listing.Add(group.Key, Text.Count(group.Count()), Text.Count(group.Sum(node => node.ParameterCount)));
        }

        listing.Write();
    }

    private static void WriteNodes(ImmutableArray<NodeInfo> nodes, Dictionary<string, double> densities)
    {
        string[] columns = ["node", "operator", "inputs", "outputs", "weights", ">parameters", ">bytes"];
        var listing = new Listing("", densities.Count == 0 ? columns : [.. columns, ">density"]);
        foreach (var node in nodes)
        {
            Add(densities.TryGetValue(node.Name, out var density) ? Text.Number(density, "0.00") : "", [
                node.Name, node.Operator, Shapes(node.Inputs), Shapes(node.Outputs), node.Precision is { } type ? Text.Of(type) : "",
                Text.Count(node.ParameterCount), Text.Count(node.ParameterBytes)]);
        }

        Add("", ["total", "", "", "", "", Text.Count(nodes.Sum(node => node.ParameterCount)), Text.Count(nodes.Sum(node => node.ParameterBytes))]);
        listing.Write();

        void Add(string density, string[] cells) => listing.Add(densities.Count == 0 ? cells : [.. cells, density]);
    }

    /// <summary>The share of blocks that are not all zeros, of the nodes of which it is worth naming.</summary>
    private static Dictionary<string, double> Densities(ImmutableArray<PlanStepInfo> steps) => steps
        .Where(step => step.Density <= DensestNamed).GroupBy(step => step.Name, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Min(step => step.Density), StringComparer.Ordinal);

    private static void WritePlan(RnnPlanInfo plan)
    {
        Console.Out.WriteLine();
        var steps = new Listing($"plan: kernel {plan.Kernel}, {plan.WeightBytes} bytes of packed weights", ">step", "node", "operation", "kernel", ">packed bytes", ">multiply-adds", ">largest pair", ">density");
        for (var i = 0; i < plan.Steps.Length; i++)
        {
            var step = plan.Steps[i];
            steps.Add(Text.Count(i), step.Name, step.Operation, step.Kernel, Text.Count(step.WeightBytes), Text.Count(step.MultiplyAdds), step.LargestPair == 0 ? "" : Text.Count(step.LargestPair),
                step.WeightBytes == 0 ? "" : Text.Number(step.Density, "0.00"));
        }

        steps.Write();
        Console.Out.WriteLine(plan.ManagedReason is null ? "a call runs natively, from its first step to its last" : $"steps are run by managed code: {plan.ManagedReason}");
        Console.Out.WriteLine();
        var buffers = new Listing(
            $"arena of a session: {plan.ArenaBytes} bytes, {plan.PersistentBytes} of them kept between calls; streams {plan.Streams}, time steps {plan.ChunkLength}",
            ">offset", ">bytes", "kind", "buffer", ">first step", ">last step");
        foreach (var buffer in plan.Buffers)
        {
            buffers.Add(
                Text.Count(buffer.Offset), Text.Count(buffer.Bytes), buffer.Kind, buffer.Name, Text.Count(buffer.FirstStep), Text.Count(buffer.LastStep));
        }

        buffers.Write();
    }

    private static string Shapes(IEnumerable<TensorInfo> tensors) => string.Join(" ", tensors.Select(tensor => tensor.Shape));

    private static void WriteJson(Utf8JsonWriter writer, ModelSource source, ImmutableArray<NodeInfo> nodes, RnnPlanInfo? plan)
    {
        var model = source.Model;
        writer.WriteString("model", source.Name);
        writer.WriteNumber("fileBytes", source.Bytes);
        writer.WriteNumber("parameters", nodes.Sum(node => node.ParameterCount));
        writer.WriteNumber("parameterBytes", nodes.Sum(node => node.ParameterBytes));
        writer.WriteBoolean("golden", model.HasGolden);
        writer.WriteTensors("inputs", model.Inputs);
        writer.WriteTensors("outputs", model.Outputs);
        writer.WriteTensors("states", model.States);
        writer.WriteStartObject("metadata");
        foreach (var (key, value) in model.Graph.Metadata)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
        writer.WriteStartObject("operators");
        foreach (var group in nodes.GroupBy(node => node.Operator).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            writer.WriteNumber(group.Key, group.Count());
        }

        writer.WriteEndObject();
        writer.WriteStartArray("nodes");
        var densities = Densities(model.DescribePlan(1, 1).Steps);
        foreach (var node in nodes)
        {
            writer.WriteStartObject();
            writer.WriteString("name", node.Name);
            writer.WriteString("operator", node.Operator);
            writer.WriteString("precision", node.Precision is { } type ? Text.Of(type) : null);
            writer.WriteNumber("parameters", node.ParameterCount);
            writer.WriteNumber("bytes", node.ParameterBytes);
            if (densities.TryGetValue(node.Name, out var density))
            {
                writer.WriteNumber("density", density);
            }

            writer.WriteTensors("inputs", node.Inputs);
            writer.WriteTensors("outputs", node.Outputs);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (plan is not null)
        {
            WriteJson(writer, plan);
        }
    }

    private static void WriteJson(Utf8JsonWriter writer, RnnPlanInfo plan)
    {
        writer.WriteStartObject("plan");
        writer.WriteString("kernel", plan.Kernel);
        writer.WriteNumber("weightBytes", plan.WeightBytes);
        writer.WriteNumber("arenaBytes", plan.ArenaBytes);
        writer.WriteNumber("persistentBytes", plan.PersistentBytes);
        writer.WriteNumber("streams", plan.Streams);
        writer.WriteNumber("chunkLength", plan.ChunkLength);
        writer.WriteString("managedReason", plan.ManagedReason);
        writer.WriteStartArray("steps");
        foreach (var step in plan.Steps)
        {
            writer.WriteStartObject();
            writer.WriteString("node", step.Name);
            writer.WriteString("operation", step.Operation);
            writer.WriteString("kernel", step.Kernel);
            writer.WriteNumber("weightBytes", step.WeightBytes);
            writer.WriteNumber("multiplyAdds", step.MultiplyAdds);
            writer.WriteNumber("density", step.Density);
            writer.WriteNumber("largestPair", step.LargestPair);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("buffers");
        foreach (var buffer in plan.Buffers)
        {
            writer.WriteStartObject();
            writer.WriteString("name", buffer.Name);
            writer.WriteString("kind", buffer.Kind);
            writer.WriteNumber("offset", buffer.Offset);
            writer.WriteNumber("bytes", buffer.Bytes);
            writer.WriteNumber("firstStep", buffer.FirstStep);
            writer.WriteNumber("lastStep", buffer.LastStep);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
