using System.Diagnostics;
using System.Globalization;
using RnnRuntime.Memory;
using RnnRuntime.Plan;

namespace RnnRuntime.Bench.Models;

/// <summary>Each step of a plan timed alone, after the ones before it have run, so that it finds its own data.</summary>
internal sealed unsafe class StepProfile(RnnModel model, ModelProblem problem, int rounds, double sliceSeconds)
{
    internal void Write(TextWriter writer)
    {
        ExecutionPlan plan = model.Plan;
        ArenaLayout layout = plan.Layout(1, 1);
        using var arena = new AlignedBlock(layout.TotalBytes);
        var context = new StepContext(plan, layout, arena) { FirstTimeStep = 0, TimeSteps = 1 };
        LoadInputs(plan, context);
        WarmUp(plan, context);
        var times = new double[plan.Steps.Length];
        for (int i = 0; i < plan.Steps.Length; i++)
        {
            for (int before = 0; before < i; before++)
            {
                plan.Steps[before].Execute(context);
            }

            times[i] = Minimum(plan.Steps[i], context);
        }

        double whole = Minimum(() => plan.Execute(context, 1));
        Write(writer, plan, times, whole);
    }

    /// <summary>Long enough that tiered compilation has finished.</summary>
    private static void WarmUp(ExecutionPlan plan, StepContext context)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < ModelsCommand.WarmUpSeconds)
        {
            plan.Execute(context, 1);
        }
    }

    private void LoadInputs(ExecutionPlan plan, StepContext context)
    {
        foreach (Port port in plan.Inputs)
        {
            ModelInput input = problem.Inputs.Single(input => input.Name == port.Name);
            if (input.IsFloat)
            {
                problem.Frame(input, 0).CopyTo(new Span<float>(context.Frames(port.Buffer), input.Elements));
            }
            else
            {
                problem.Indices(input, 0).CopyTo(new Span<int>(context.Frames(port.Buffer), input.Elements));
            }
        }
    }

    private double Minimum(PlanStep step, StepContext context) => Minimum(() => step.Execute(context));

    private double Minimum(Action action)
    {
        long calls = 1;
        double seconds;
        while ((seconds = Seconds(action, calls)) < sliceSeconds)
        {
            calls = seconds > 0 ? Math.Max(calls + 1, (long)(calls * Math.Min(10, 1.2 * sliceSeconds / seconds))) : calls * 10;
        }

        double least = seconds / calls;
        for (int round = 1; round < rounds; round++)
        {
            least = Math.Min(least, Seconds(action, calls) / calls);
        }

        return least * 1e9;
    }

    private static double Seconds(Action action, long calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (long call = 0; call < calls; call++)
        {
            action();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private void Write(TextWriter writer, ExecutionPlan plan, double[] times, double whole)
    {
        writer.WriteLine($"## {problem.Name}");
        writer.WriteLine();
        writer.WriteLine("| step | name | operation | elements | ns | multiply-adds | GMAC/s |");
        writer.WriteLine("|---:|---|---|---:|---:|---:|---:|");
        for (int i = 0; i < times.Length; i++)
        {
            PlanStep step = plan.Steps[i];
            int elements = step.Buffers.Where(buffer => buffer.Kind is BufferKind.Frames or BufferKind.State).Select(buffer => buffer.Elements).DefaultIfEmpty().Max();
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {i} | {step.Name} | {step.Operation} | {elements:N0} | {times[i]:F0} | {step.MultiplyAdds:N0} | {step.MultiplyAdds / times[i]:F1} |"));
        }

        writer.WriteLine();
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{times.Length} steps alone: {times.Sum():N0} ns; the whole plan: {whole:N0} ns."));
        writer.WriteLine();
    }
}
